/**
 * DIMSE messages out of presentation data values and back: a command set, then perhaps a data set that is never held whole.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part07/sect_6.3.html, part08/chapter_E.html
 */
import { type Command, decodeCommand, encodeCommand } from './command-set.ts';
import { InvalidPdu, type PData, type Pdv, pdvHeaderLength } from './pdu.ts';

/** No command of the standard comes near it. */
const longestCommand = 16_384;

/** Fragment that a peer without a limit of its own gets. */
const defaultFragment = 131_072;

export interface MessageHandler {
  /** A command came; when it has a data set, that follows through `data` and `end`. */
  command(command: Command, context: number): Promise<void> | undefined;
  data(bytes: Buffer): Promise<void> | undefined;
  end(): Promise<void> | undefined;
}

/** Puts the fragments of one association's messages together; throws InvalidPdu for what is out of order. */
export class MessageReader {
  readonly #handler: MessageHandler;
  #fragments: Buffer[] = [];
  #length = 0;
  /** The context of the message whose command or data set is being received. */
  #context: number | undefined;
  #inData = false;

  constructor(handler: MessageHandler) {
    this.#handler = handler;
  }

  /** Whether a message has begun and not ended. */
  get busy(): boolean {
    return this.#context !== undefined;
  }

  async take({ pdvs }: PData): Promise<void> {
    for (const pdv of pdvs) {
      if (this.#context !== undefined && this.#context !== pdv.context)
        throw new InvalidPdu('A message changed its presentation context.');
      if (pdv.command === this.#inData) throw new InvalidPdu('Command and data set fragments are out of order.');
      this.#context = pdv.context;
      await (pdv.command ? this.#takeCommand(pdv) : this.#takeData(pdv));
    }
  }

  async #takeCommand({ data, last, context }: Pdv): Promise<void> {
    this.#length += data.length;
    if (this.#length > longestCommand) throw new InvalidPdu('The command set is too long.');
    this.#fragments.push(data);
    if (!last) return;
    const command = decodeCommand(Buffer.concat(this.#fragments));
    this.#fragments = [];
    this.#length = 0;
    this.#inData = command.hasData;
    await this.#handler.command(command, context);
    if (!command.hasData) this.#context = undefined;
  }

  async #takeData({ data, last }: Pdv): Promise<void> {
    await this.#handler.data(data);
    if (!last) return;
    this.#inData = false;
    await this.#handler.end();
    this.#context = undefined;
  }
}

/** The longest even fragment that fits the peer's maximum length (0: it has none). */
export function fragmentLength(maxLength: number): number {
  const room = maxLength === 0 ? defaultFragment : Math.min(maxLength - pdvHeaderLength, defaultFragment);
  return room - (room % 2);
}

function data(pdv: Pdv): PData {
  return { type: 'P-DATA-TF', pdvs: [pdv] };
}

/** The PDU of a command set; every command of ours fits the smallest maximum length that peers use. */
export function commandPdu(context: number, command: Command): PData {
  return data({ context, command: true, last: true, data: encodeCommand(command) });
}

/** The PDUs of a data set, cut to `fragment` bytes; the last one says so. */
export async function* dataPdus(
  context: number,
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  fragment: number,
): AsyncGenerator<PData> {
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of bytes) {
    const piece = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    held = held.length === 0 ? piece : Buffer.concat([held, piece]);
    // The last fragment must be known as such, so one that just fits waits for what comes after it.
    while (held.length > fragment) {
      yield data({ context, command: false, last: false, data: held.subarray(0, fragment) });
      held = held.subarray(fragment);
    }
  }
  yield data({ context, command: false, last: true, data: held });
}
