// Shows how far an upload is. Without this the browser sends the same form by itself.
{
  document.addEventListener('submit', (event) => {
    const form = event.target;
    const files = [...form.querySelectorAll('input[type=file]')].filter((input) => input.files.length);
    if (!form.matches('[data-upload]') || !files.length || event.defaultPrevented) return;
    event.preventDefault();
    const state = files[0].closest('.field').querySelector('[data-upload-state]');
    const [bar, words] = [state.querySelector('progress'), state.querySelector('[role=status]')];
    const buttons = form.querySelectorAll('button');
    const data = new FormData(form, event.submitter);
    state.hidden = false;
    for (const button of buttons) button.disabled = true;
    const request = new XMLHttpRequest();
    request.open(form.method, form.action);
    request.setRequestHeader('Accept', 'text/html');
    request.setRequestHeader('X-Drawn', 'yes');
    request.upload.addEventListener('progress', ({ loaded, total }) => {
      bar.value = (100 * loaded) / total;
      words.textContent = loaded < total ? `${Math.floor(bar.value)} % sent` : 'Sent, being checked';
    });
    request.addEventListener('load', () => {
      if (request.status < 300) {
        history.replaceState(null, '', request.responseURL);
      }
      // The answer is drawn and not asked for again: what it says once would be gone by then.
      const page = new DOMParser().parseFromString(request.responseText, 'text/html');
      document.title = page.title;
      document.querySelector('main').replaceWith(page.querySelector('main'));
      const first = document.querySelector('[data-focus]') ?? document.querySelector('h1');
      first.tabIndex = -1;
      first.focus({ preventScroll: true });
      scrollTo(0, 0);
    });
    request.addEventListener('error', () => {
      words.textContent = 'The connection broke. Nothing was kept: send it again.';
      for (const button of buttons) button.disabled = false;
    });
    request.send(data);
  });
}
