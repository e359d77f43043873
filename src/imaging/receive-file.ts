/** Receives a DICOM file, as STOW-RS carries it: its meta information announces what its data set must be. */
import { DicomError } from '../dicom/dicom-error.ts';
import { decodeFileMeta } from '../dicom/net/file-meta.ts';
import type { Receipt } from './receipt.ts';
import { receive, refusingSink } from './receive.ts';
import type { InstanceSink, ReceiveOptions, Sender } from './reception.ts';

class IncomingFile implements InstanceSink {
  readonly #options: ReceiveOptions;
  readonly #sender: Sender;
  readonly #study: string | undefined;
  #head: Buffer = Buffer.alloc(0);
  #sink: InstanceSink | undefined;

  constructor(options: ReceiveOptions, sender: Sender, study: string | undefined) {
    this.#options = options;
    this.#sender = sender;
    this.#study = study;
  }

  async write(bytes: Buffer): Promise<void> {
    if (this.#sink) return this.#sink.write(bytes);
    this.#head = Buffer.concat([this.#head, bytes]);
    await this.#begin();
  }

  async end(): Promise<Receipt> {
    this.#sink ??= await this.#refuse(new DicomError('truncated', 'The file ends within its meta information.'));
    return this.#sink.end();
  }

  async abort(): Promise<void> {
    await this.#sink?.abort();
  }

  /** Waits until the meta information is whole; it is refused when it is over 64 KiB, so the head stays small. */
  async #begin(): Promise<void> {
    try {
      const found = decodeFileMeta(this.#head);
      if (!found) return;
      const study = this.#study === undefined ? {} : { study: this.#study };
      this.#sink = await receive(this.#options, { sender: this.#sender, announced: found.meta, ...study });
      await this.#sink.write(this.#head.subarray(found.end));
    } catch (error) {
      this.#sink = await this.#refuse(error);
    }
    this.#head = Buffer.alloc(0);
  }

  #refuse(error: unknown): Promise<InstanceSink> {
    return refusingSink(this.#options, this.#sender, undefined, error);
  }
}

/** Begins to receive one file; `study`, when given, is the only study that it may belong to. */
export function receiveFile(options: ReceiveOptions, sender: Sender, study?: string): InstanceSink {
  return new IncomingFile(options, sender, study);
}
