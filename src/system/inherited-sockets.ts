/** Listening sockets that were open when this program was started: socket activation of systemd, sd_listen_fds(3). */
import type { ListenAddress } from './address.ts'

export interface InheritedSocket {
  readonly descriptor: number
  /** FileDescriptorName= of the socket unit; several may have the same. */
  readonly name: string
  readonly address: Exclude<ListenAddress, { kind: 'systemd' }>
}
