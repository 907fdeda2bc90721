// Lipstream in a page: speak into a server, see the avatar talk on a canvas. No dependencies, no build step.
//
//   import { Lipstream } from './lipstream.js';
//
//   const lips = new Lipstream({
//     url: 'http://localhost:8080',                 // the server; default: where this page comes from
//     canvas: document.querySelector('canvas'),
//     avatar: 'anna',                               // an id from GET /v1/avatars
//     mode: 'patch',                                // or 'h264', 'jpeg'
//   });
//   lips.on('failure', (error) => console.error(error.message));
//   lips.on('ended', () => console.log('said it'));
//
//   startButton.onclick = async () => {             // browsers play sound after a click only
//     await lips.connect();
//     await lips.speak(await (await fetch('hello.wav')).blob());   // or: lips.sendPcm(int16); lips.commit();
//   };
//   stopButton.onclick = () => lips.stop();         // barge-in: silent at once
//
// docs/web_client.md says the rest.
import { openMicrophone } from './client/microphone.js';
import { decodeSound } from './client/sound_file.js';
import { Session } from './client/session.js';
import { Show } from './client/show.js';
import { renderVideoFile } from './client/video_file.js';

export { decodeMediaMessage, encodeMediaMessage, Codec, Flag, Kind } from './client/media_message.js';
export { IDLE, Session } from './client/session.js';

const REPORT_MS = 500;
const WAITING_REPORT_MS = 100;     // while sound waits for pictures, so that the server does not take those for late
const REPORTED_AFTER_MS = 10_000;  // the server ends sessions that say nothing, reports included
const AHEAD_S = 3;            // of a file is sent before it is heard; so little that an interruption never waits behind it
const CHUNK_S = 0.1;
const KEPT_SAID_S = 300;      // of what was said last is kept for saveVideo()

/**
 * Events, by on(): `state` (connecting, open, resuming, closed), `failure` (an Error; its message is for people),
 * `speaking` (true, false), `ended` (all was shown, or stop() was called), `frame` (one was drawn: ptsUs, utterance,
 * templateIndex, avOffsetMs, ...), and every event of the server's under its type (docs/protocol.md).
 */
export class Lipstream {
  /**
   * @param {{canvas: HTMLCanvasElement, url?: string, avatar?: string, mode?: 'patch'|'h264'|'jpeg', token?: string,
   *   apiKey?: string, rate?: number, idle?: 'server'|'client', context?: AudioContext}} options
   */
  constructor(options) {
    this.options = { url: location.href, mode: 'patch', rate: 16000, idle: 'server', ...options };
    this.listeners = new Map();
    this.session = null;
    this.show = null;
    this.speaking = false;
    this.committed = false;
    this.said = [];               // Int16Arrays of the present or last thing said
    this.speech = 0;              // counts what was begun to be said, so that stop() ends the right one
    this.closeMicrophone = null;
    this.spokeMs = -Infinity;     // when something was last said
    this.reportedMs = -Infinity;  // when the server was last told what is heard
  }

  /** @param {string} type @param {(detail: any) => void} listener @returns {() => void} removes it again */
  on(type, listener) {
    if (!this.listeners.has(type)) this.listeners.set(type, new Set());
    this.listeners.get(type).add(listener);
    return () => this.listeners.get(type).delete(listener);
  }

  /**
   * Opens a session. To be called from a click or key press, or else nothing is heard before resumeSound().
   * @returns {Promise<object>} the server's session.created event @throws {Error} one sentence for people
   */
  async connect() {
    const { canvas, url, rate, idle, mode, context } = this.options;
    this.context = context ?? new AudioContext({ latencyHint: 'interactive' });
    const emit = (type, detail) => this.receive(type, detail);
    const settings = {
      audio_in: { format: 'pcm_s16le', rate }, video: { mode }, audio_out: 'none', pace: 'asap', idle,
    };
    this.session = new Session({ ...this.options, settings }, emit);
    const send = (event) => this.session.send(event);
    this.show = new Show({ canvas, context: this.context, rate, idle, url, emit, send });
    try {
      const created = await this.session.connect();
      this.show.open(created);
      this.reporter = setInterval(() => this.report(), WAITING_REPORT_MS);
      return created;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Browsers start sound after a click or key press only: call this in one if connect() was not. */
  resumeSound() {
    return this.context?.state === 'suspended' ? this.context.resume() : Promise.resolve();
  }

  /** Samples to say, 16 bit mono at the session's rate, 20-100 ms at a time. @param {Int16Array} samples */
  sendPcm(samples) {
    this.begin();
    this.show.speaker.append(samples, this.session.sentSamples);
    this.send(samples);
  }

  /** The end of what sendPcm() said: its last frames come at once instead of waiting for more sound. */
  commit() {
    this.show.speaker.endStream();
    this.session.commit();
    this.committed = true;
  }

  /**
   * Says a sound file, or samples that are decoded already. What is heard is the original, not the session's rate.
   * @param {Blob|ArrayBuffer|AudioBuffer} sound anything the browser can decode: WAV, MP3, ...
   * @returns {Promise<void>} when all of it was sent, or stop() was called
   * @throws {Error} one sentence for people
   */
  async speak(sound) {
    this.stop();
    const { speech } = this;
    const { rate } = this.options;
    const { original, samples } = await decodeSound(this.context, sound, rate);
    if (speech !== this.speech) return;
    this.begin();
    const start = this.session.sentSamples;
    this.show.speaker.appendBuffer(original, start);
    for (let sent = 0; sent < samples.length; ) {
      const until = Math.min(samples.length, Math.floor(this.show.heardSamples(start) + AHEAD_S * rate));
      while (sent < until) {
        const end = Math.min(sent + CHUNK_S * rate, samples.length);
        this.send(samples.subarray(sent, end));
        sent = end;
      }
      if (sent < samples.length) await new Promise((resolve) => setTimeout(resolve, 50));
      if (speech !== this.speech || this.session.state === 'closed') return;
    }
    this.commit();
  }

  /**
   * Says what the microphone hears, until stopMicrophone() or stop().
   * @param {{monitor?: boolean}} options `monitor`: play it too, in time with the lips; for headphones
   * @throws {Error} one sentence for people
   */
  async startMicrophone({ monitor = false } = {}) {
    this.stop();
    const { speech } = this;
    const close = await openMicrophone(this.context, this.options.rate, (samples) => {
      this.begin();
      if (monitor) this.show.speaker.append(samples, this.session.sentSamples);
      this.send(samples);
    });
    if (speech !== this.speech) close();
    else this.closeMicrophone = close;
  }

  /** Gives the microphone back; what was said so far is shown to its end. */
  stopMicrophone() {
    if (!this.closeMicrophone) return;
    this.closeMicrophone();
    this.closeMicrophone = null;
    this.commit();
  }

  /** Barge-in: silent at once, and nothing that was said before is shown any more. */
  stop() {
    this.speech += 1;
    this.closeMicrophone?.();
    this.closeMicrophone = null;
    if (!this.speaking) return;
    this.session.clear();
    this.show.cut();
    this.finish();
  }

  /** What a person wants to know of the session; null where nothing is known yet. docs/web_client.md explains each. */
  statsNow() {
    return this.show.statsNow();
  }

  /** Whether saveVideo() has something to save. */
  get hasSaid() {
    return this.said.length > 0;
  }

  /**
   * The last thing that was said as a video file, rendered anew by the server.
   * @param {(share: number) => void} [onProgress] @returns {Promise<Blob>} video/mp4
   */
  saveVideo(onProgress) {
    const samples = new Int16Array(this.said.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.said) {
      samples.set(part, at);
      at += part.length;
    }
    const { url, avatar, token, apiKey, rate } = this.options;
    return renderVideoFile({ url, avatar, token, apiKey }, samples, rate, onProgress);
  }

  /** Ends the session and gives everything back. */
  close() {
    this.stop();
    clearInterval(this.reporter);
    this.session?.close();
    this.show?.close();
    if (!this.options.context && this.context?.state !== 'closed') this.context?.close();
  }

  // --- not for callers --------------------------------------------------------------------------------------------

  emit(type, detail) {
    for (const listener of this.listeners.get(type) ?? []) listener(detail);
  }

  receive(type, detail) {
    if (type === 'media') return this.show.receiveMedia(detail);
    this.show.receive(type, detail);
    if (type === 'state' && detail === 'resuming') this.show.statistics.renumbered();
    if (type === 'state' && detail === 'closed' && this.speaking) {
      this.show.cut();
      this.finish();
    }
    this.emit(type, detail);
    const nothingLeft = type === 'error' && detail.error?.code === 'nothing_to_commit' && this.show.isDone;
    if ((type === 'shown' || nothingLeft) && this.committed) this.finish();
  }

  begin() {
    this.committed = false;
    if (this.speaking) return;
    this.speaking = true;
    this.said = [];
    this.show.begin();
    this.emit('speaking', true);
  }

  send(samples) {
    this.session.sendPcm(samples);
    this.said.push(samples.slice());
    const most = (KEPT_SAID_S * this.options.rate) / samples.length;
    if (this.said.length > most) this.said.shift();
  }

  finish() {
    if (!this.speaking) return;
    this.speaking = false;
    this.emit('speaking', false);
    this.emit('ended', null);
  }

  report() {
    const ptsUs = this.show.positionUs();
    const nowMs = performance.now();
    if (this.speaking) this.spokeMs = nowMs;
    if (ptsUs === null || nowMs - this.spokeMs > REPORTED_AFTER_MS) return;
    if (!this.show.isWaiting && nowMs - this.reportedMs < REPORT_MS - WAITING_REPORT_MS / 2) return;
    this.reportedMs = nowMs;
    const { dropped, bufferedMs } = this.statsNow();
    this.session.send({ type: 'playback.report', pts_us: Math.max(0, ptsUs), buffered_ms: bufferedMs, dropped });
  }
}
