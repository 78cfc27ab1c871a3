// A form that is shown for the first time proposes the browser's own time zone. A name that is not in the list, since
// the zone has a newer one, is added to it: the server knows them all. Hours from Greenwich are no place.
{
  const select = document.querySelector('form[data-zone] select[name="time_zone"]');
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (select && zone?.includes('/') && !zone.startsWith('Etc/')) {
    const listed = [...select.options].some((option) => option.value === zone);
    if (!listed) select.add(new Option(zone.replaceAll('/', ', ').replaceAll('_', ' '), zone));
    select.value = zone;
  }
}
