// What several of the others need: these names alone are known outside their blocks.

// The page that a text holds, if it is one of ours: what stands on the way here may answer in our place.
const ourMain = (text) => {
  const page = new DOMParser().parseFromString(text, 'text/html');
  const main = page.querySelector('main#main.wrap');
  return main && { main, title: page.title };
};

// A form that is on its way is not sent again. Whoever locks one says what opens it.
const lock = (form, isSent) => {
  form.toggleAttribute('data-sent', isSent);
  for (const button of form.querySelectorAll('button')) button.ariaDisabled = isSent ? 'true' : null;
};
