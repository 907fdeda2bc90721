// A WebSocket for tests of the session: what it is sent is kept, and the test says what comes back.

export class FakeSocket {
  static opened = [];

  constructor(url, protocols) {
    Object.assign(this, { url, protocols, sent: [], readyState: 0 });
    FakeSocket.opened.push(this);
  }

  send(message) {
    this.sent.push(typeof message === 'string' ? message : message.slice());
  }

  close(code) {
    this.lose(code);
  }

  /** The connection stands, and the server says `event` first. */
  open(event) {
    this.readyState = 1;
    this.onopen?.();
    if (event) this.receive(event);
  }

  receive(event) {
    this.onmessage({ data: event instanceof Uint8Array ? event.slice().buffer : JSON.stringify(event) });
  }

  lose(code = 1006, reason = '') {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }

  /** Samples that were sent, in order. */
  get pcm() {
    return this.sent.filter((message) => typeof message !== 'string').flatMap((samples) => [...samples]);
  }

  get events() {
    return this.sent.filter((message) => typeof message === 'string').map((text) => JSON.parse(text));
  }
}

export const CREATED = {
  type: 'session.created', session_id: 's', resume_token: 'r', avatar: { id: 'anna' }, video: { mode: 'patch', fps: 25 },
  audio_in: { format: 'pcm_s16le', rate: 16000 },
};

/** A connected session, its socket, and everything it emitted as [type, detail]. */
export async function openSession(Session, created = CREATED, options = {}) {
  const seen = [];
  const session = new Session(
    { url: 'http://localhost/', token: 't', avatar: 'anna', WebSocket: FakeSocket, ...options },
    (type, detail) => seen.push([type, detail]));
  const connected = session.connect();
  await new Promise((resolve) => setImmediate(resolve));
  const socket = FakeSocket.opened.at(-1);
  socket.open(created);
  await connected;
  return { session, socket, seen };
}
