// The state of a page's connection, as its sockets report it and `frame/connection.js` shows it.

export interface ConnectionState {
  // connecting, catching-up, live, polling, reconnecting, logged-out, refused, and of what is no longer shown: gone
  // (deleted), withdrawn (the reader may no longer see it) or missing (either of the two)
  kind: string;
  behind?: number; // events that are still to come
  quiet?: number; // seconds since the last message
  caughtUp?: { events: number; until: number; slept: boolean }; // shown until that moment
  since?: number; // when the connection was lost
  at?: number; // when the next attempt begins
  words?: string; // what to say instead of the usual text
}
