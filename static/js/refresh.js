// A page that waits for something looks again by itself, and exchanges only what changed, so that
// nobody loses their place. Without this a <meta> in a <noscript> loads the whole page.
{
  const main = document.querySelector('main[data-refresh]');
  let pause = Number(main?.dataset.refresh) * 1000;
  const look = async () => {
    if (document.hidden) return again();
    try {
      const answer = await fetch(location.href, { headers: { Accept: 'text/html' }, signal: AbortSignal.timeout(20000) });
      const fresh = ourMain(await answer.text())?.main;
      // What is not ours is no news: the next look may come through.
      if (fresh && answer.redirected) return location.assign(answer.url);
      if (fresh && answer.ok) {
        for (const part of main.querySelectorAll('[data-live]')) {
          const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
          if (next && next.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) part.replaceWith(next);
        }
        if (!fresh.dataset.refresh) return location.reload();
      }
    } catch { /* The next look may find the connection again. */ }
    return again();
  };
  const again = () => {
    pause = Math.min(pause * 1.3, 30000);
    setTimeout(look, pause);
  };
  if (pause) setTimeout(look, pause);
}
