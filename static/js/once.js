// A second click on the way changes nothing: the key of the form sees to that. This only spares the
// reader the wondering.
{
  const PATIENCE = 15000;
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (!form.matches('[data-once]')) return;
    if (form.matches('[data-sent]')) {
      event.preventDefault();
      return;
    }
    lock(form, true);
    // Nothing tells that the reader stopped the page, or that a file came instead of one. An upload says when it ends.
    setTimeout(() => { if (!form.ariaBusy) lock(form, false); }, PATIENCE);
  });
  // A page that comes back from the history can be sent again.
  addEventListener('pageshow', () => {
    for (const form of document.querySelectorAll('[data-sent]')) lock(form, false);
  });
}
