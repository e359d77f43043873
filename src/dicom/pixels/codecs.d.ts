/** What we use of the codecs, which bring no types that TypeScript finds. */

interface FrameInfo {
  readonly width: number;
  readonly height: number;
  readonly bitsPerSample: number;
  readonly componentCount: number;
  readonly isSigned?: boolean;
}

interface CodecDecoder {
  /** Room for the compressed bytes in the codec's own memory. */
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getFrameInfo(): FrameInfo;
  /** The samples, valid until `delete`. */
  getDecodedBuffer(): Uint8ClampedArray;
  delete(): void;
}

interface CodecSettings {
  print(text: string): void;
  printErr(text: string): void;
}

declare module '@cornerstonejs/codec-charls/decodewasmjs' {
  const load: (settings: CodecSettings) => Promise<{ JpegLSDecoder: new () => CodecDecoder }>;
  export = load;
}

declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  const load: (settings: CodecSettings) => Promise<{ J2KDecoder: new () => CodecDecoder }>;
  export = load;
}

declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  const load: (settings: CodecSettings) => Promise<{ JPEGDecoder: new () => CodecDecoder }>;
  export = load;
}
