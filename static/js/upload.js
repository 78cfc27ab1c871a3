// Shows how far an upload is. Without this the browser sends the same form by itself. Until our own answer is
// there the form stays as it is, with its text and its files.
{
  // Longer than the server waits for anything, and short enough to be told of while one is still there.
  const PATIENCE = 120000;
  const KEPT = 'Your text and your files are still here.';
  document.addEventListener('submit', (event) => {
    const form = event.target;
    const files = [...form.querySelectorAll('input[type=file]')].filter((input) => input.files.length);
    if (!form.matches('[data-upload]') || !files.length || event.defaultPrevented) return;
    event.preventDefault();
    if (form.ariaBusy) return;
    const state = files[0].closest('.field').querySelector('[data-upload-state]');
    const [bar, words] = [state.querySelector('progress'), state.querySelector('[role=status]')];
    const request = new XMLHttpRequest();
    let stalled;
    const wait = () => {
      clearTimeout(stalled);
      stalled = setTimeout(() => request.abort(), PATIENCE);
    };
    // The way stays free: whatever was locked can be pressed again.
    const ends = (said, looks = '') => {
      clearTimeout(stalled);
      form.ariaBusy = null;
      lock(form, false);
      bar.hidden = true;
      words.textContent = `${said} ${KEPT} `;
      if (looks) {
        const href = location.pathname.split('/').slice(0, 3).join('/');
        const look = Object.assign(document.createElement('a'), { href, target: '_blank' });
        look.textContent = 'Look in a new tab';
        words.append(look, looks);
      }
    };
    const unsure = (said) => {
      const again = form.elements.key ? ' If it arrived and you send it again, nothing is done twice.' : '';
      ends(`${said} We don’t know whether this arrived.`, `.${again}`);
    };
    const data = new FormData(form, event.submitter);
    state.hidden = false;
    bar.hidden = false;
    bar.value = 0;
    form.ariaBusy = 'true';
    lock(form, true);
    request.open(form.method, form.action);
    request.setRequestHeader('Accept', 'text/html');
    request.setRequestHeader('X-Drawn', 'yes');
    request.upload.addEventListener('progress', ({ loaded, total }) => {
      wait();
      bar.value = (100 * loaded) / total;
      words.textContent = loaded < total ? `${Math.floor(bar.value)} % sent` : 'Sent, being checked';
    });
    request.addEventListener('load', () => {
      const answer = ourMain(request.responseText);
      if (!answer && request.status === 413) {
        return ends('Nothing was taken: this is too large for the way to us. Attach less at once.');
      }
      if (!answer) return unsure('The answer did not come from us.');
      const { main, title } = answer;
      if (request.status >= 400 && !main.querySelector('form[data-upload]')) {
        const said = [...main.querySelectorAll('h1, .lead, .notice')].map((part) => part.textContent.trim());
        return ends(said.join('. ').replaceAll('..', '.'), '.');
      }
      clearTimeout(stalled);
      if (request.status < 300) {
        history.replaceState(null, '', request.responseURL);
      }
      // The answer is drawn and not asked for again: what it says once would be gone by then.
      document.title = title;
      document.querySelector('main').replaceWith(main);
      const first = document.querySelector('[data-focus]') ?? document.querySelector('h1');
      first.tabIndex = -1;
      first.focus({ preventScroll: true });
      scrollTo(0, 0);
    });
    for (const broken of ['error', 'abort']) request.addEventListener(broken, () => unsure('The connection broke.'));
    wait();
    request.send(data);
  });
}
