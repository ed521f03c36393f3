/** HTTP/1.1 answers, byte by byte as they come: what Node's own client would forgive is told here. */

export interface Answer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** What came is no HTTP/1.1 answer. */
export class MalformedAnswer extends Error {}

interface Decoded {
  readonly answer: Answer
  /** Bytes that it took. */
  readonly length: number
}

const HEAD_END = '\r\n\r\n'
const CRLF = '\r\n'

export class AnswerParser {
  #pending: Buffer = Buffer.alloc(0)

  /** @returns the answers that are complete now, in order @throws MalformedAnswer */
  push(chunk: Buffer): Answer[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    const answers: Answer[] = []
    for (let next = decode(this.#pending); next !== null; next = decode(this.#pending)) {
      this.#pending = this.#pending.subarray(next.length)
      if (next.answer.status >= 200) answers.push(next.answer) // 100 Continue and its like only announce one
    }
    return answers
  }

  /** Bytes of an answer that is not complete. */
  get pendingBytes(): number {
    return this.#pending.length
  }
}

/** @returns null while it is not complete */
function decode(bytes: Buffer): Decoded | null {
  const headEnd = bytes.indexOf(HEAD_END)
  if (headEnd < 0) {
    if (bytes.length >= 5 && bytes.toString('latin1', 0, 5) !== 'HTTP/') throw new MalformedAnswer(excerptOf(bytes))
    return null
  }
  const [first = '', ...lines] = bytes.toString('latin1', 0, headEnd).split(CRLF)
  const status = Number(/^HTTP\/1\.1 (\d{3})( |$)/.exec(first)?.[1] ?? Number.NaN)
  if (Number.isNaN(status)) throw new MalformedAnswer(excerptOf(bytes))
  const headers = new Map(lines.map(parseHeader))
  const body = decodeBody(bytes, headEnd + HEAD_END.length, status, headers)
  return body && { answer: { status, headers, body: body.text }, length: body.end }
}

interface Body {
  readonly text: string
  /** Where the next answer begins. */
  readonly end: number
}

function decodeBody(bytes: Buffer, start: number, status: number, headers: ReadonlyMap<string, string>): Body | null {
  if (status < 200 || status === 204 || status === 304) return { text: '', end: start }
  if (headers.get('transfer-encoding')?.toLowerCase() === 'chunked') return decodeChunks(bytes, start)
  const length = headers.get('content-length')
  // Every server of these tests says how long its answer is: one that does not could end it anywhere.
  if (length === undefined || !/^\d+$/.test(length)) throw new MalformedAnswer(`no length: ${excerptOf(bytes)}`)
  const end = start + Number(length)
  return bytes.length < end ? null : { text: bytes.toString('utf8', start, end), end }
}

function decodeChunks(bytes: Buffer, start: number): Body | null {
  const chunks: Buffer[] = []
  let at = start
  for (;;) {
    const lineEnd = bytes.indexOf(CRLF, at)
    if (lineEnd < 0) return null
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    if (Number.isNaN(size)) throw new MalformedAnswer(`no chunk: ${excerptOf(bytes.subarray(at))}`)
    const end = lineEnd + CRLF.length + size
    if (bytes.length < end + CRLF.length) return null
    if (size === 0) return { text: Buffer.concat(chunks).toString('utf8'), end: end + CRLF.length }
    chunks.push(bytes.subarray(lineEnd + CRLF.length, end))
    at = end + CRLF.length
  }
}

function parseHeader(line: string): [string, string] {
  const colon = line.indexOf(':')
  if (colon < 1) throw new MalformedAnswer(`no header: ${JSON.stringify(line)}`)
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}

function excerptOf(bytes: Buffer): string {
  return JSON.stringify(bytes.toString('latin1', 0, 60))
}
