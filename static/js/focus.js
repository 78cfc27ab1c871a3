// The list of problems takes the focus, also where `autofocus` is not obeyed.
document.querySelector('[data-focus]')?.focus();
