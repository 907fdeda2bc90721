// A lipsync.v1 session over one WebSocket at a time: events both ways, and going on after a lost connection.
import { decodeMediaMessage } from './media_message.js';
import { PcmRing } from './pcm.js';

const RING_S = 10;
const RETRY_MS = [200, 400, 800, 1600, 3200, 5000, 5000, 5000];
/** Close codes after which trying again makes sense: lost, restarting, an error of the server's. */
const RESUMABLE = new Set([1001, 1005, 1006, 1011, 1012]);

export const IDLE = 4408;
const CLOSE_REASONS = {
  1003: 'The server does not accept this kind of data.',
  1007: 'The server could not read what this page sent.',
  1009: 'A message was too big for the server.',
  1011: 'The server had an internal error.',
  1012: 'The server is restarting.',
  1013: 'The server is fully occupied; try again in a moment.',
  4400: 'The server did not accept the session.',
  4401: 'The server wants a valid token.',
  4403: 'This page or this avatar is not allowed here.',
  4404: 'The server has no such avatar.',
  [IDLE]: 'The session ended because nothing was said for a while.',
  4409: 'The session goes on in another window.',
  4410: 'The session reached its time limit.',
  4429: 'Too many requests; try again in a moment.',
  4430: 'This connection is too slow for the video.',
};

/**
 * Emits every server event under its `type`, and: `media` (a decoded message), `state` ('connecting', 'open',
 * 'resuming', 'closed'), `failure` (an Error that ended the session; `closeCode` says how, where a close code did).
 */
export class Session {
  /**
   * @param {{url: string, avatar?: string, token?: string, apiKey?: string, settings?: object,
   *   WebSocket?: typeof WebSocket, fetch?: typeof fetch, later?: typeof setTimeout}} options
   *   `url` of the server; `token` of a session that was made elsewhere, else this makes one (POST /v1/sessions);
   *   `settings` as in session.update.
   * @param {(type: string, detail: any) => void} emit
   */
  constructor(options, emit) {
    this.options = options;
    this.emit = emit;
    this.WebSocket = options.WebSocket ?? globalThis.WebSocket;
    this.fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
    this.later = options.later ?? globalThis.setTimeout.bind(globalThis);
    this.state = 'new';
    this.socket = null;
    this.created = null;  // the session.created event
    this.ring = null;
    this.attempts = 0;
    this.timer = null;
    this.marks = [];       // {at, event}: commits and clears that may have to be sent again, by sample
    this.nextEvent = 1;
  }

  /** Samples sent in this session, from its beginning. */
  get sentSamples() {
    return this.ring?.end ?? 0;
  }

  /** Bytes the browser has not handed to the network yet. */
  get bufferedBytes() {
    return this.socket?.bufferedAmount ?? 0;
  }

  /** @returns {Promise<object>} the session.created event */
  async connect() {
    this.setState('connecting');
    try {
      this.address = await this.makeSession();
      this.created = await new Promise((resolve, reject) => this.open(resolve, reject));
    } catch (error) {
      this.setState('closed');
      throw error;
    }
    this.ring = new PcmRing(RING_S * this.created.audio_in.rate);
    this.setState('open');
    return this.created;
  }

  /** @param {Int16Array} samples of the session's rate; an empty array is nothing. */
  sendPcm(samples) {
    if (samples.length === 0 || !this.ring) return;
    this.ring.append(samples);
    if (this.isOpen) this.socket.send(samples);
  }

  commit(utterance) {
    this.mark({ type: 'input_audio.commit', ...(utterance && { utterance }) });
  }

  clear() {
    this.marks = [];
    this.mark({ type: 'input_audio.clear' });
  }

  /** Sends a client event. While the connection is being restored it is dropped. */
  send(event) {
    if (this.isOpen) this.socket.send(JSON.stringify({ event_id: `c${this.nextEvent++}`, ...event }));
  }

  /** Sends an event that belongs to a place among the samples, and keeps it until the server has acted on it. */
  mark(event) {
    this.marks.push({ at: this.sentSamples, event });
    this.send(event);
  }

  close() {
    if (this.state === 'closed') return;
    clearTimeout(this.timer);
    this.send({ type: 'session.close' });
    this.setState('closed');
    const { socket } = this;
    setTimeout(() => socket?.close(1000), 1000);
  }

  get isOpen() {
    return this.state === 'open' && this.socket?.readyState === 1;
  }

  async makeSession() {
    const { url, avatar, token, apiKey, settings } = this.options;
    if (token) {
      const address = new URL('/v1/stream', url);
      if (avatar) address.searchParams.set('avatar', avatar);
      if (settings?.video?.mode) address.searchParams.set('mode', settings.video.mode);
      return { url: toWebSocket(address), token };
    }
    let response;
    try {
      response = await this.fetch(new URL('/v1/sessions', url), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...(apiKey && { Authorization: `Bearer ${apiKey}` }) },
        body: JSON.stringify({ avatar, ...settings }),
      });
    } catch {
      throw new Error(`The server at ${new URL(url).host} does not answer.`);
    }
    if (!response.ok) throw await refusal(response);
    const made = await response.json();
    return { url: toWebSocket(new URL(made.ws_url, url)), token: made.token };
  }

  open(resolve, reject) {
    const protocols = ['lipsync.v1', ...(this.address.token ? [`bearer.${this.address.token}`] : [])];
    const address = new URL(this.address.url);
    if (this.created) address.searchParams.set('resume', '1');
    const socket = new this.WebSocket(address.href, protocols);
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    let fatal = null;
    socket.onopen = () => this.hello(socket);
    socket.onmessage = ({ data }) => {
      if (socket !== this.socket) return;
      if (typeof data !== 'string') return this.receiveMedia(data);
      const event = JSON.parse(data);
      if (event.type === 'session.created') resolve(event);
      if (event.type === 'utterance.done' || event.type === 'output.cleared') this.marks.shift();
      if (event.type === 'error' && event.fatal) fatal = new Error(sentence(event.error.message));
      this.emit(event.type, event);
    };
    socket.onclose = ({ code, reason }) => {
      if (socket !== this.socket) return;
      reject(fatal ?? closed(code, reason));
      this.lost(code, fatal);
    };
  }

  /** The first words on a new connection: how a session should be, or which one this continues. */
  hello(socket) {
    const { token, settings } = this.options;
    if (!this.created) {
      if (token && settings) socket.send(JSON.stringify({ type: 'session.update', ...settings }));
      return;
    }
    const event = { type: 'session.resume', resume_token: this.created.resume_token, next_sample: this.ring.start };
    socket.send(JSON.stringify(event));
  }

  receiveMedia(data) {
    let message;
    try {
      message = decodeMediaMessage(data);
    } catch (error) {
      this.emit('failure', error);
      return;
    }
    this.emit('media', message);
  }

  lost(code, fatal) {
    if (this.state === 'closed' || this.state === 'connecting') return;
    const gone = fatal || !RESUMABLE.has(code) || this.attempts >= RETRY_MS.length;
    if (gone) {
      this.setState('closed');
      if (code !== 1000) this.emit('failure', fatal ?? closed(code, ''));
      return;
    }
    this.setState('resuming');
    this.timer = this.later(() => this.resume(), RETRY_MS[this.attempts++]);
  }

  resume() {
    this.open((created) => this.goOn(created), () => {});
  }

  goOn(created) {
    this.attempts = 0;
    this.created = { ...this.created, ...created };
    this.setState('open');
    let at = created.next_sample;
    for (const { at: upTo, event } of this.marks) {
      this.resend(at, upTo);
      this.send(event);
      at = Math.max(at, upTo);
    }
    this.resend(at, this.ring.end);
  }

  /** Sends samples [from, to) again, a second at a time. */
  resend(from, to) {
    const step = this.created.audio_in.rate;
    for (let at = Math.max(from, this.ring.start); at < to; at += step) {
      this.socket.send(this.ring.slice(at, Math.min(at + step, to)));
    }
  }

  setState(state) {
    this.state = state;
    this.emit('state', state);
  }
}

/** An Error for a close code, which it has as `closeCode`. */
function closed(code, reason) {
  const text = CLOSE_REASONS[code] ?? `The connection was closed (${code}${reason && `: ${reason}`}).`;
  return Object.assign(new Error(text), { closeCode: code });
}

function toWebSocket(url) {
  url.protocol = url.protocol.replace('http', 'ws');
  return url.href;
}

/** An Error for an HTTP answer, which it has as `status`. */
async function refusal(response) {
  const body = await response.json().catch(() => null);
  const wait = Number(response.headers.get('Retry-After'));
  const again = response.status === 503 && wait > 0 ? ` Try again in ${wait} s.` : '';
  const text = sentence(body?.error?.message ?? `the server answered ${response.status}`) + again;
  return Object.assign(new Error(text), { status: response.status });
}

function sentence(text) {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
