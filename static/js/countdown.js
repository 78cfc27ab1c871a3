// "in 3 hours" goes on counting while the page stays open. The same words and the same cuts as the
// server's, so that nothing jumps when the page is loaded again. Days are the server's to count: it
// knows in which nights the reader's clocks change.
{
  const say = (seconds) => {
    const cut = (size, unit) => {
      const nearly = size > 60 && seconds % size >= size * 0.75;
      const count = Math.floor(seconds / size) + (nearly ? 1 : 0);
      return `in ${nearly ? 'almost ' : ''}${count} ${unit}${count === 1 ? '' : 's'}`;
    };
    if (seconds <= 0) return 'now';
    if (seconds < 60) return 'in less than a minute';
    if (seconds < 7200) return cut(60, 'minute');
    return cut(3600, 'hour');
  };
  // The reader's own clock may be wrong, so only what has passed since is taken from it.
  const seen = new WeakMap();
  const tick = () => {
    const now = performance.now() / 1000;
    for (const span of document.querySelectorAll('[data-left]')) {
      if (!seen.has(span)) seen.set(span, now);
      const left = span.dataset.left - (now - seen.get(span));
      if (left >= 172800) continue;
      const words = say(left);
      if (span.textContent !== words) span.textContent = words;
    }
  };
  tick();
  setInterval(tick, 20000);
}
