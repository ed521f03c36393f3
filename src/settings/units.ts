/** Durations (`1m30s`) and sizes (`64MiB`) as people write them. Pure. */

const DURATION_UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const SIZE_UNITS = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
} as const

/** Milliseconds of `500ms`, `30s`, `1.5m`, `1h30m`, `2d`; null when it is none of these. */
export function parseDuration(text: string): number | null {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return null
  let totalMs = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    totalMs += Number(amount) * DURATION_UNITS[unit as keyof typeof DURATION_UNITS]
  }
  return Math.round(totalMs)
}

/** Bytes of `512B`, `16KiB`, `1.5GiB`, `10MB`; null when it is none of these. */
export function parseSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(B|[KMGT]iB|kB|[MGT]B)$/.exec(text)
  if (match === null) return null
  return Math.round(Number(match[1]) * SIZE_UNITS[match[2] as keyof typeof SIZE_UNITS])
}

/** The shortest exact way to write it: `90s`, `5m`, `1500ms`. */
export function formatDurationValue(durationMs: number): string {
  if (durationMs === 0) return '0s'
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const unitMs = DURATION_UNITS[unit]
    if (durationMs % unitMs === 0 && durationMs >= 2 * unitMs) return `${durationMs / unitMs}${unit}`
  }
  return durationMs % 1000 === 0 ? `${durationMs / 1000}s` : `${durationMs}ms`
}

/** Exact, in the largest binary unit that divides it: `16KiB`, `1000B`. */
export function formatSizeValue(bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB'] as const) {
    if (bytes > 0 && bytes % SIZE_UNITS[unit] === 0) return `${bytes / SIZE_UNITS[unit]}${unit}`
  }
  return `${bytes}B`
}

/** For people, rounded: `1.4 GiB`. */
export function formatBytes(bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB'] as const) {
    const size = bytes / SIZE_UNITS[unit]
    if (size >= 1) return `${size >= 100 ? Math.round(size) : Number(size.toFixed(1))} ${unit}`
  }
  return `${bytes} B`
}
