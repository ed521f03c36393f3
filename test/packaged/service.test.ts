/** Services inside the executable: how they are loaded, their settings and variables, and what they fork. */
process.env.MYD_PACKAGED ??= 'dist/myd'

for (const topic of ['load', 'settings', 'env-file', 'fork']) {
  await import(`../process/service-${topic}.test.ts`)
}
