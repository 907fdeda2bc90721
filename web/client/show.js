// From media messages to the canvas: decodes, keeps what is over from being shown, and draws in time with the sound.
import { Background } from './background.js';
import { Kind } from './media_message.js';
import { PictureDecoder } from './picture.js';
import { Playout } from './playout.js';
import { Speaker } from './speaker.js';
import { Stage } from './stage.js';
import { Statistics } from './statistics.js';

const CUSHION_S = 0.08;          // frames may be late by this much
const NOTICE_S = 0.03;           // from deciding to play a sound to its playing
const CLEAR_PATIENCE_MS = 2000;

export class Show {
  /**
   * @param {{canvas: HTMLCanvasElement, context: AudioContext, rate: number, idle: string, url: string,
   *   emit: (type: string, detail: any) => void, send: (event: object) => void}} options `emit`: 'frame' when one was
   *   drawn, 'shown' when an utterance was shown to its end, 'failure'; `send`: client events
   */
  constructor(options) {
    Object.assign(this, options);
    this.stage = new Stage(options.canvas);
    this.speaker = new Speaker(options.context, options.rate);
    this.statistics = new Statistics();
    this.playout = new Playout((ptsUs, atS) => this.speaker.start(ptsUs, atS), () => this.speaker.stop());
    this.playout.sparse = options.idle === 'client';
    this.claim = null;           // utterance.started of the present utterance
    this.endings = [];           // utterance.done of those that are not shown to their end yet
    this.muteUntil = 0;          // after cut(): frames of any utterance are stale until the server has cleared
    this.clearedUtterance = 0;
    this.context.onstatechange = () => this.clockChanged();
    this.clockChanged();
  }

  /** Starts drawing. @param {object} created the session.created event */
  open(created) {
    const { avatar, video } = created;
    const fail = (error) => this.emit('failure', error);
    this.background = new Background(avatar, this.url, fail);
    this.background.want(0);
    this.stage.open(avatar, this.background);
    this.pictures = new PictureDecoder({
      codec: video.codec,
      background: this.background,
      emit: (frame) => this.accept(frame),
      wantKeyframe: () => this.send({ type: 'keyframe.request' }),
      onError: fail,
    });
    this.frameMs = 1000 / parseRate(video.fps);
    this.refreshMs = 1000 / 60;
    this.lastTickMs = 0;
    this.lastDrawMs = 0;
    const animate = (nowMs) => {
      this.animation = requestAnimationFrame(animate);
      this.refreshMs += (Math.min(50, Math.max(4, nowMs - this.lastTickMs)) - this.refreshMs) / 16;
      this.tick(nowMs);
    };
    this.animation = requestAnimationFrame(animate);
    // A hidden page gets no animation frames, but its frames must not pile up.
    this.heartbeat = setInterval(() => performance.now() - this.lastTickMs > 200 && this.tick(performance.now()), 250);
  }

  close() {
    cancelAnimationFrame(this.animation);
    clearInterval(this.heartbeat);
    this.speaker.clear();
    this.playout.reset();
    this.pictures?.close();
    this.background?.close();
    this.context.onstatechange = null;
  }

  /** Seconds on the clock by which sound is heard; the page's own while the browser allows no sound. */
  now() {
    return this.context.state === 'running' ? this.context.currentTime - this.latencyS : performance.now() / 1000;
  }

  /** Media time that is heard now, in microseconds, or null. */
  positionUs() {
    return this.playout.positionUs(this.now());
  }

  /** Whether sound waits for pictures. */
  get isWaiting() {
    return this.playout.expecting && !this.playout.running;
  }

  /** Whether all utterances so far have been shown to their end, and there was one. */
  get isDone() {
    return this.claim !== null && !this.playout.expecting && this.endings.length === 0;
  }

  /** Of the session's samples from `start` on, how many have been heard. */
  heardSamples(start) {
    if (!this.claim || this.claim.start_sample < start || !this.playout.running) return 0;
    const heardUs = this.positionUs() - this.claim.first_pts_us;
    return Math.max(0, (heardUs / 1e6) * this.rate + this.claim.start_sample - start);
  }

  /** One event of the server's. */
  receive(type, detail) {
    if (type === 'utterance.started') {
      this.claim = detail;
      this.speaker.claim(detail.start_sample, detail.first_pts_us);
      this.playout.begin(detail.first_pts_us, this.now());
    } else if (type === 'utterance.done') {
      this.endings.push({ ...detail, endUs: this.endOf(detail) });
    } else if (type === 'output.cleared') {
      this.clearedUtterance = Math.max(this.clearedUtterance, detail.utterance);
      this.muteUntil = 0;
      this.statistics.renumbered();
    }
  }

  receiveMedia(message) {
    this.statistics.received(message, performance.now());
    if (this.isOver(message.utterance)) this.statistics.stale += 1;
    if (message.kind !== Kind.FULL && message.kind !== Kind.PATCH) return;
    if (message.kind === Kind.PATCH && !this.background.has(message.templateIndex)) {
      this.background.want(message.templateIndex, this.stage.template.direction);
    }
    try {
      this.pictures.push(message);
    } catch (error) {
      this.emit('failure', error);
    }
  }

  /** Something new is about to be said. */
  begin() {
    this.endings = [];
    this.claim = null;
    this.statistics.beganSpeaking(performance.now());
  }

  /** Nothing is said any more: silence at once, and no frame of it is shown, come what may. */
  cut() {
    this.muteUntil = performance.now() + CLEAR_PATIENCE_MS;
    this.speaker.clear();
    this.playout.discard((frame) => frame.utterance > 0);
    this.playout.end();
    this.stage.fadeFromHere(performance.now());
    this.endings = [];
  }

  statsNow() {
    const counts = { skipped: this.playout.skipped, broken: this.pictures?.broken ?? 0 };
    return {
      ...this.statistics.snapshot(performance.now(), counts),
      stalls: this.playout.stalls,
      bufferedMs: Math.round(this.playout.bufferedUs(this.now()) / 1000),
    };
  }

  clockChanged() {
    this.latencyS = this.speaker.outputLatencyS;
    this.playout.cushionS = CUSHION_S + this.latencyS;
    this.playout.noticeS = NOTICE_S + this.latencyS;
    if (this.playout.running) this.playout.halt(null);
  }

  isOver(utterance) {
    return utterance > 0 && utterance <= this.clearedUtterance;
  }

  /** A frame is on its way to the screen; unless its utterance was cut meanwhile. */
  accept(frame) {
    const muted = frame.utterance > 0 && performance.now() < this.muteUntil;
    if (muted || this.isOver(frame.utterance)) frame.close();
    else this.playout.push(frame);
  }

  tick(nowMs) {
    this.lastTickMs = nowMs;
    const heardS = this.now() + this.refreshMs / 1000;  // what is drawn now is visible with the next refresh
    const frame = this.playout.pick(heardS);
    if (frame) {
      const avOffsetMs = (frame.ptsUs - (this.playout.positionUs(heardS) ?? frame.ptsUs)) / 1000;
      this.stage.draw(frame, nowMs);
      this.lastDrawMs = nowMs;
      this.statistics.drew(frame, avOffsetMs, nowMs);
      this.emit('frame', { ...frame, image: null, background: null, avOffsetMs });
      frame.close();
    } else if (this.idle === 'client' && nowMs - this.lastDrawMs >= this.frameMs * (this.playout.expecting ? 1.6 : 1) - 2) {
      if (this.stage.drawIdle(nowMs)) this.lastDrawMs = nowMs;
    }
    this.checkEnd(heardS);
  }

  /** Media time at which sound and pictures of an utterance are over. */
  endOf({ utterance, last_pts_us: lastUs, audio_samples: samples = 0 }) {
    const soundUs = this.claim?.utterance === utterance ? this.claim.first_pts_us + (samples / this.rate) * 1e6 : 0;
    return Math.max(lastUs + this.frameMs * 1000, soundUs);
  }

  checkEnd(heardS) {
    const last = this.endings.at(-1);
    if (!last || !this.playout.running) return;
    if (this.playout.positionUs(heardS) < last.endUs) return;
    this.endings = [];
    this.playout.end();
    this.emit('shown', last);
  }
}

/** Frames per second of a number or a fraction like "30000/1001". */
function parseRate(fps) {
  const [num, den = 1] = String(fps).split('/').map(Number);
  return num / den;
}
