// Watches the page from inside: every frame as it is drawn, and every sample as it is played, on one clock.

/**
 * To be called before the page is opened. Afterwards globalThis.probe in the page has
 *   lips: the Lipstream; frames: {ptsUs, utterance, flags, templateIndex, atS, mouth, dark, ...}, where `mouth` is
 *   the mean brightness of the rectangle probe.mouthRect ([x, y, w, h], when set) of the canvas right after drawing and
 *   `dark` the share of it that is nearly black;
 *   sound: {endS, level} of every 10 ms played; events: [type, detail, atS] of the server's.
 * Times are seconds of the AudioContext; a frame is visible one screen refresh after `atS`.
 */
export function installProbe(page) {
  return page.addInitScript(() => {
    const probe = (globalThis.probe = { frames: [], sound: [], events: [], lips: null, mouthRect: null });
    const copy = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const brightness = (canvas, [x, y, w, h]) => {
      Object.assign(copy.canvas, { width: w, height: h });
      copy.drawImage(canvas, x, y, w, h, 0, 0, w, h);
      const { data } = copy.getImageData(0, 0, w, h);
      let sum = 0;
      let dark = 0;
      for (let i = 0; i < data.length; i += 4) {
        const luma = 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
        sum += luma;
        if (luma < 60) dark += 1;
      }
      return { mouth: sum / (data.length / 4), dark: dark / (data.length / 4) };
    };
    const listen = async (lips) => {
      const { context } = lips;
      await context.audioWorklet.addModule('/worklet.js');
      const tap = new AudioWorkletNode(context, 'microphone-tap', { numberOfOutputs: 0 });
      lips.show.speaker.output.connect(tap);
      tap.port.onmessage = ({ data: { samples, end } }) => {
        const piece = Math.round(context.sampleRate / 100);
        for (let at = 0; at < samples.length; at += piece) {
          let level = 0;
          let first = -1;
          for (let i = at; i < Math.min(at + piece, samples.length); ++i) {
            if (Math.abs(samples[i]) > 0.02 && first < 0) first = i;
            level = Math.max(level, Math.abs(samples[i]));
          }
          const place = (i) => (end - samples.length + i) / context.sampleRate;
          probe.sound.push({ startS: place(at), endS: place(at + piece), level, onsetS: first < 0 ? null : place(first) });
        }
      };
    };
    document.addEventListener('lipstream', ({ detail: lips }) => {
      probe.lips = lips;
      lips.on('frame', (frame) => {
        const { ptsUs, utterance, flags, templateIndex, avOffsetMs, x, y, width, height, seq } = frame;
        const { mouth, dark } = probe.mouthRect ? brightness(lips.options.canvas, probe.mouthRect) : {};
        const atS = lips.context.currentTime;
        probe.frames.push({ ptsUs, utterance, flags, templateIndex, avOffsetMs, x, y, width, height, seq, atS, mouth, dark });
      });
      for (const type of ['utterance.started', 'utterance.done', 'output.cleared', 'state', 'ended', 'failure', 'warning', 'error']) {
        lips.on(type, (detail) => {
          if (type === 'state' && detail === 'open') listen(lips);
          probe.events.push([type, detail?.message ?? detail, lips.context?.currentTime]);
        });
      }
    });
  });
}

/** A WAV file, 16 bit mono. `sampleAt(seconds)` in [-1, 1]. @returns {Buffer} */
export function makeWav(seconds, sampleAt, rate = 16000) {
  const count = Math.round(seconds * rate);
  const wav = Buffer.alloc(44 + 2 * count);
  wav.write('RIFF');
  wav.writeUInt32LE(36 + 2 * count, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(2 * rate, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(2 * count, 40);
  for (let i = 0; i < count; ++i) wav.writeInt16LE(Math.round(Math.max(-1, Math.min(1, sampleAt(i / rate))) * 32767), 44 + 2 * i);
  return wav;
}

/** Loud for 60 ms at each of `timesS`, else silent: sound that says when it is. */
export function makeClicks(seconds, timesS) {
  return makeWav(seconds, (t) => (timesS.some((at) => t >= at && t < at + 0.06) ? 0.8 * Math.sin(2 * Math.PI * 500 * t) : 0));
}

/** Puts a file into the page's file field. */
export function sayFile(page, name, buffer) {
  return page.setInputFiles('#file', { name, mimeType: 'audio/wav', buffer });
}
