declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** @see https://github.com/architect/dynalite */
  export default function dynalite(options?: { createTableMs?: number }): Server;
}
