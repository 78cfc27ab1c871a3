// The whole price follows what is typed. What can't be read here is left to the server, whose sum is then
// called by its name: the last one that was saved.
{
  const total = document.querySelector('[data-total] .money');
  const stale = document.querySelector('[data-stale]');
  const currency = document.querySelector('[name="currency"]');
  const amounts = document.querySelectorAll('input[name^="milestone-"][name$="-amount"]');
  if (total && stale) {
    const before = currency?.value;
    const saved = total.firstChild.textContent;
    const scale = (saved.trim().split('.')[1] ?? '').length;
    const minor = (text) => {
      const plain = text.trim();
      if (plain === '') return 0n;
      const [, whole, part = ''] = plain.match(/^(\d+)(?:\.(\d+))?$/) ?? [];
      return whole && part.length <= scale ? BigInt(whole + part.padEnd(scale, '0')) : undefined;
    };
    const show = () => {
      const sums = [...amounts].map((input) => minor(input.value));
      const isKnown = !sums.includes(undefined) && currency?.value === before;
      stale.hidden = isKnown;
      if (!isKnown) {
        total.firstChild.textContent = saved;
        return;
      }
      const digits = sums.reduce((sum, one) => sum + one, 0n).toString().padStart(scale + 1, '0');
      const whole = digits.slice(0, digits.length - scale).replace(/\B(?=(\d{3})+$)/g, ',');
      total.firstChild.textContent = scale ? `${whole}.${digits.slice(-scale)} ` : `${whole} `;
    };
    for (const input of amounts) input.addEventListener('input', show);
    currency?.addEventListener('change', show);
    show();
  }
}
