// A lipsync.v1 session without a network behind it: the mouth opens with the loudness of the sound.
import { Codec, Flag, Kind, encodeMediaMessage } from '../../web/client/media_message.js';
import { LEVELS, PATCH, SIZE } from './mock_material.mjs';

const LOOKAHEAD_US = 200_000;
const PLAYOUT_US = 100_000;
const LEAD_US = 400_000;
const FRAME_US = 1e6 / SIZE.fps;

export const AVATAR = {
  id: 'mock', name: 'Mock', ...SIZE, loop: 'pingpong', patch: { max_w: PATCH.width, max_h: PATCH.height }, model: 'none',
  lookahead_ms: LOOKAHEAD_US / 1000, background_url: '/v1/avatars/mock/background.mp4', ready: true,
};

export class MockSession {
  constructor(id, settings, material, control) {
    Object.assign(this, { id, settings, material, control });
    this.token = `resume-${id}`;
    this.rate = settings.audio_in?.rate ?? 16000;
    this.mode = settings.video?.mode ?? 'patch';
    this.samples = 0;       // received so far
    this.sound = [];        // of the present utterance
    this.utterance = 0;     // the present one; 0: nobody speaks
    this.utterances = 0;
    this.frame = 0;         // number of the next frame
    this.seq = 0;
    this.originMs = null;   // when media time 0 is heard; nothing is sent before somebody speaks
  }

  attach(socket, resumed) {
    this.attached = true;
    this.socket?.close(4409);
    this.socket = socket;
    socket.onMessage = (message) => (typeof message === 'string' ? this.event(JSON.parse(message)) : this.pcm(message));
    socket.onClose = () => socket === this.socket && this.detach();
    this.say('session.created', {
      session_id: this.id, protocol: '1.0', server: 'mock', avatar: AVATAR,
      video: { mode: this.mode, codec: 'avc1.42E01F', width: SIZE.width, height: SIZE.height, fps: SIZE.fps },
      audio_in: { format: 'pcm_s16le', rate: this.rate }, limits: {}, resume_token: this.token,
      ...(resumed && { resumed: true, next_sample: this.samples }),
    });
    if (resumed && this.originMs !== null) this.beginClock();
    this.timer = setInterval(() => this.run(), 10);
  }

  detach() {
    clearInterval(this.timer);
    this.socket = null;
  }

  say(type, fields) {
    this.socket?.send(JSON.stringify({ type, ...fields }));
  }

  event(event) {
    this.control.events.push(event);
    if (event.type === 'input_audio.commit') this.commit();
    if (event.type === 'input_audio.clear') this.clear();
    if (event.type === 'ping') this.say('pong', { t: event.t, server_us: 0 });
    if (event.type === 'session.close') {
      this.say('session.closed', { reason: 'closed by the client', totals: {} });
      this.socket?.close(1000);
    }
  }

  pcm(bytes) {
    if (this.utterance === 0) {
      this.utterance = ++this.utterances;
      this.committed = false;
      this.sound = [];
      if (this.originMs === null) this.beginClock();
      this.firstFrame = Math.max(this.frame, Math.ceil((this.mediaUs() + PLAYOUT_US) / FRAME_US));
      this.say('utterance.started', {
        utterance: this.utterance, start_sample: this.samples, first_pts_us: this.firstFrame * FRAME_US,
      });
    }
    for (let i = 0; i + 1 < bytes.length; i += 2) this.sound.push(bytes.readInt16LE(i));
    this.samples += bytes.length / 2;
    this.say('input_audio.ack', { samples: this.samples, buffered_ms: 0 });
  }

  commit() {
    if (this.utterance > 0 && !this.committed) this.committed = true;
    else this.say('error', { error: { code: 'nothing_to_commit', message: 'no audio has come since the last commit' }, fatal: false });
  }

  clear() {
    const { utterance } = this;
    this.control.clearedAtMs = performance.now();
    this.utterance = 0;
    this.say('output.cleared', {
      utterance: utterance || this.utterances, cut_pts_us: Math.round(this.mediaUs()), audio_end_ms: 0,
    });
    for (let i = 0; utterance && this.control.rogue && i < 3; ++i) {
      this.utterance = utterance;
      this.send(true, 1, false);
    }
    this.utterance = 0;
    if (this.originMs !== null) this.beginClock();
    if (utterance) this.done(utterance, true);
  }

  done(utterance, interrupted) {
    this.say('utterance.done', { utterance, interrupted, last_pts_us: (this.frame - 1) * FRAME_US, audio_samples: this.sound.length });
  }

  /** The client's clock starts (anew) with the next frame. */
  beginClock() {
    this.originMs = performance.now() + (PLAYOUT_US - this.frame * FRAME_US) / 1000;
    this.isAnew = true;
  }

  mediaUs() {
    return (performance.now() - this.originMs) * 1000;
  }

  run() {
    if (this.control.frozen || this.originMs === null) return;
    if (this.mode === 'fmp4') return this.runMp4();
    for (;;) {
      const speaks = this.utterance > 0 && this.frame >= this.firstFrame;
      const at = speaks ? (this.frame - this.firstFrame) * FRAME_US : 0;
      const heard = (this.sound.length / this.rate) * 1e6;
      if (this.frame * FRAME_US > this.mediaUs() + (speaks ? LEAD_US : PLAYOUT_US)) return;
      if (speaks && !this.committed && at + LOOKAHEAD_US > heard) return;
      const last = speaks && at + FRAME_US >= heard;
      this.send(speaks, this.loudness(at / 1e6), last);
      if (last) {
        this.done(this.utterance, false);
        this.utterance = 0;
      }
    }
  }

  loudness(atS) {
    const first = Math.floor(atS * this.rate);
    let most = 0;
    for (let i = first; i < first + this.rate / 25; ++i) most = Math.max(most, Math.abs(this.sound[i] ?? 0));
    return most / 32768;
  }

  send(speaks, loudness, last) {
    const index = pingPong(this.frame);
    const level = speaks ? Math.min(LEVELS - 1, Math.floor(loudness * LEVELS)) : 0;
    const h264 = this.mode === 'h264';
    const whole = { x: 0, y: 0, width: SIZE.width, height: SIZE.height };
    this.control.sent.push({ frame: this.frame, level, speaks });
    this.socket?.send(encodeMediaMessage({
      kind: this.mode === 'patch' ? Kind.PATCH : Kind.FULL,
      codec: h264 ? Codec.H264 : Codec.JPEG,
      flags: (speaks ? 0 : Flag.IDLE) | (last ? Flag.LAST : 0) | (this.isKey() ? Flag.KEY : 0) | (this.isAnew ? Flag.DISCONTINUITY : 0),
      seq: this.seq++,
      utterance: speaks ? this.utterance : 0,
      ptsUs: this.frame * FRAME_US,
      ...(this.mode === 'patch' ? PATCH : whole),
      templateIndex: index,
      serverLatencyUs: 12_000,
      payload: h264 ? this.material.h264[this.frame % SIZE.frames] : this.material.mouths[level],
    }));
    this.frame += 1;
    this.isAnew = false;
  }

  isKey() {
    return this.mode !== 'h264' || (this.frame % SIZE.frames) % 10 === 0;
  }

  runMp4() {
    if (!this.committed || this.utterance === 0) return;
    const { mp4 } = this.material;
    const init = mp4.indexOf('moof') - 4;
    const part = (kind, payload) => encodeMediaMessage({ kind, codec: Codec.MP4, seq: this.seq++, utterance: this.utterance, payload });
    this.socket?.send(part(Kind.MP4_INIT, mp4.subarray(0, init)));
    this.socket?.send(part(Kind.MP4_FRAGMENT, mp4.subarray(init)));
    this.done(this.utterance, false);
    this.utterance = 0;
  }
}

export function pingPong(frame) {
  const at = frame % (2 * (SIZE.frames - 1));
  return at < SIZE.frames ? at : 2 * (SIZE.frames - 1) - at;
}
