// Buttons that copy. Without this they stay hidden: the text can be marked and copied by hand.
{
  for (const button of document.querySelectorAll('[data-copy]')) {
    if (!navigator.clipboard) break;
    const words = button.querySelector('span');
    const before = words.textContent;
    button.hidden = false;
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(button.dataset.copy);
        words.textContent = 'Copied';
      } catch {
        words.textContent = 'Not copied';
      }
      setTimeout(() => { words.textContent = before; }, 2000);
    });
  }
}
