/**
 * The process tests once more, with the built executable and an empty PATH: no Node is there to be found.
 * `npm run build` makes it; MYD_PACKAGED names another one.
 */
process.env.MYD_PACKAGED ??= 'dist/myd'

for (const topic of [
  'start',
  'detached',
  'stop',
  'kill-master',
  'reload',
  'settings',
  'nofork',
  'unmodified',
  'sockets-slot',
]) {
  await import(`../process/${topic}.test.ts`)
}
