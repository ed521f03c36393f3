/** The word that was probably meant. Pure. */

/** Edits between two words: insert, delete, replace, swap neighbours (optimal string alignment). */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1]
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1))
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      if (swapped) cost = Math.min(cost, beforeLast[column - 2]! + 1)
      current.push(cost)
    }
    beforeLast = last
    last = current
  }
  return last[to.length]!
}

/** Comparison forgives case and the separators that people mix up. */
function normalise(word: string): string {
  return word.toLowerCase().replace(/[-_.\s\u2013\u2014]/g, '')
}

/**
 * @returns the candidate nearest to `word`, or null when none is near: about a third of its letters may be wrong.
 */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  const wanted = normalise(word)
  let best: string | null = null
  let bestDistance = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const known = normalise(candidate)
    const distance = editDistance(wanted, known)
    const limit = Math.floor(Math.max(wanted.length, known.length) / 3)
    if (distance <= Math.max(1, limit) && distance < Math.min(bestDistance, known.length)) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}
