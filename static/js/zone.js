// A form that is shown for the first time proposes the browser's own time zone.
{
  const select = document.querySelector('form[data-zone] select[name="time_zone"]');
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (select && [...select.options].some((option) => option.value === zone)) select.value = zone;
}
