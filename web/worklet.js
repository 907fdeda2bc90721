// Runs on the audio thread: gathers what the microphone gives and passes it on, 20 ms at a time, as mono floats.
class MicrophoneTap extends AudioWorkletProcessor {
  constructor() {
    super();
    this.gathered = new Float32Array(Math.round(sampleRate / 50));
    this.count = 0;
  }

  process([channels]) {
    for (let i = 0; i < (channels[0]?.length ?? 0); ++i) {
      let sum = 0;
      for (const channel of channels) sum += channel[i];
      this.gathered[this.count++] = sum / channels.length;
      if (this.count === this.gathered.length) {
        // With the place of its end on the context's clock, in samples.
        this.port.postMessage({ samples: this.gathered.slice(), end: currentFrame + i + 1 });
        this.count = 0;
      }
    }
    return true;
  }
}

registerProcessor('microphone-tap', MicrophoneTap);
