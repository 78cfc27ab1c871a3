// "in 3 days" goes on counting while the page stays open. The same words and the same cuts as the
// server's, so that nothing jumps when the page is loaded again.
{
  const say = (seconds) => {
    const cut = (size, unit) => {
      const count = Math.floor(seconds / size);
      return `in ${count} ${unit}${count === 1 ? '' : 's'}`;
    };
    if (seconds <= 0) return 'now';
    if (seconds < 60) return 'in less than a minute';
    if (seconds < 7200) return cut(60, 'minute');
    if (seconds < 172800) return cut(3600, 'hour');
    if (seconds < 63072000) return cut(86400, 'day');
    return cut(31536000, 'year');
  };
  // The reader's own clock may be wrong: count from what the server said at the start.
  const tick = () => {
    for (const span of document.querySelectorAll('[data-until]')) {
      const words = say((Date.parse(span.dataset.until) - Date.now()) / 1000);
      if (span.textContent !== words) span.textContent = words;
    }
  };
  setInterval(tick, 20000);
}
