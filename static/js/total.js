// The whole price, and what is left of it for the seller, follow what is typed. What can't be read here is left to
// the server, whose sum is then called by its name: the last one that was saved.
{
  const currency = document.querySelector('[name="currency"]');
  const before = currency?.value;
  // `inputs` add up; those of `less` are taken away.
  const follow = (output, stale, inputs, less) => {
    const shown = output?.querySelector('.money');
    if (!shown || !stale) return;
    const saved = shown.firstChild.textContent;
    const scale = (saved.trim().split('.')[1] ?? '').length;
    const minor = (text) => {
      const plain = text.trim();
      if (plain === '') return 0n;
      const [, whole, part = ''] = plain.match(/^(\d+)(?:\.(\d+))?$/) ?? [];
      return whole && part.length <= scale ? BigInt(whole + part.padEnd(scale, '0')) : undefined;
    };
    const sum = (some) => some.reduce((sum, input) => {
      const one = minor(input.value);
      return sum === undefined || one === undefined ? undefined : sum + one;
    }, 0n);
    const show = () => {
      const [plus, minus] = [sum(inputs), sum(less)];
      const isKnown = plus !== undefined && minus !== undefined && plus >= minus && currency?.value === before;
      stale.hidden = isKnown;
      if (!isKnown) {
        shown.firstChild.textContent = saved;
        return;
      }
      const digits = (plus - minus).toString().padStart(scale + 1, '0');
      const whole = digits.slice(0, digits.length - scale).replace(/\B(?=(\d{3})+$)/g, ',');
      shown.firstChild.textContent = scale ? `${whole}.${digits.slice(-scale)} ` : `${whole} `;
    };
    for (const input of [...inputs, ...less]) input.addEventListener('input', show);
    currency?.addEventListener('change', show);
    show();
  };
  const one = (selector, within = document) => within.querySelector(selector);
  const amounts = document.querySelectorAll('input[name^="milestone-"][name$="-amount"]');
  follow(one('[data-total]'), one('.total-row [data-stale]'), [...amounts], []);
  for (const box of document.querySelectorAll('[data-shared]')) {
    const whole = document.getElementById(box.dataset.shared);
    follow(one('[data-rest]', box), one('[data-stale]', box), [whole], [...box.querySelectorAll('input')]);
  }
}
