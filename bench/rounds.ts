/**
 * Measures several sides in turn, A B A B, so that what else the machine does meets all of them alike: on a shared
 * machine only the ratio of figures of one run says something.
 */

export interface Side {
  readonly name: string
  /** One measurement, in the unit of its bench. */
  measure(): Promise<number>
}

export interface Figures {
  readonly name: string
  readonly median: number
  readonly min: number
  readonly max: number
}

/** After one round that does not count. */
export async function measureRounds(sides: readonly Side[], rounds: number): Promise<Figures[]> {
  const measured = sides.map((): number[] => [])
  for (let round = 0; round <= rounds; round++) {
    for (const [index, side] of sides.entries()) {
      const value = await side.measure()
      if (round > 0) measured[index]?.push(value)
    }
    if (process.stderr.isTTY) process.stderr.write(`\r${round} of ${rounds} rounds `)
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  return sides.map(({ name }, index) => summarize(name, measured[index] ?? []))
}

export function summarize(name: string, values: readonly number[]): Figures {
  const sorted = values.toSorted((a, b) => a - b)
  return { name, median: quantile(sorted, 0.5), min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN }
}

/** @param sorted ascending @param share 0 to 1 */
export function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share
  const low = sorted[Math.floor(at)] ?? Number.NaN
  const high = sorted[Math.ceil(at)] ?? Number.NaN
  return low + (high - low) * (at - Math.floor(at))
}

export function printFigures(unit: string, figures: readonly Figures[]): void {
  const width = Math.max(...figures.map(({ name }) => name.length))
  console.log(`${''.padEnd(width)}  ${'median'.padStart(9)} ${'min'.padStart(9)} ${'max'.padStart(9)}  ${unit}`)
  for (const { name, median, min, max } of figures) {
    const numbers = [median, min, max].map((value) => format(value).padStart(9))
    console.log(`${name.padEnd(width)}  ${numbers.join(' ')}`)
  }
}

/** The ratio of two medians beside its aim. @param aim `≤ 0.5`; none: for information */
export function printRatio(one: Figures | undefined, other: Figures | undefined, aim?: string): void {
  if (one === undefined || other === undefined) return
  const ratio = (one.median / other.median).toFixed(2)
  console.log(`ratio ${one.name} / ${other.name}: ${ratio}${aim === undefined ? '' : `   (aim ${aim})`}`)
}

function format(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3)
}
