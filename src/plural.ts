/** `1 worker`, `8 workers`: a count and its noun, for people. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
