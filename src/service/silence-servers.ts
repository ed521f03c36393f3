/** In the describe child a service that listens at its top level must not: the instance that runs has the port. */
import dgram from 'node:dgram'
import net from 'node:net'

/** Servers of this process say that they listen from now on, and do not. */
export function silenceServers(): void {
  const servers: readonly { prototype: object; method: 'listen' | 'bind' }[] = [
    { prototype: net.Server.prototype, method: 'listen' },
    { prototype: dgram.Socket.prototype, method: 'bind' },
  ]
  for (const { prototype, method } of servers) {
    Object.assign(prototype, {
      [method](this: net.Server | dgram.Socket, ...args: unknown[]) {
        const callback = args.at(-1)
        if (typeof callback === 'function') this.once('listening', callback as () => void)
        const asked = describeAddress(args)
        this.address = () => asked
        process.nextTick(() => this.emit('listening'))
        return this
      },
    })
  }
}

/** What `address()` answers: what was asked for. */
function describeAddress([first, second]: readonly unknown[]): net.AddressInfo {
  const options: Readonly<Record<string, unknown>> =
    typeof first === 'object' && first !== null ? { ...first } : { port: first, host: second }
  const host = options.host ?? options.address
  const address = typeof host === 'string' ? host : '::'
  return { address, family: address.includes(':') ? 'IPv6' : 'IPv4', port: Number(options.port) || 0 }
}
