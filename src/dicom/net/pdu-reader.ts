/** Cuts a byte stream into PDUs; a PDU's length is judged before a byte of it is kept. */
import { InvalidPdu, type Pdu, pduHeaderLength, pduTypes } from './pdu.ts';
import { decodePdu } from './pdu-codec.ts';

/** 128 contexts with every transfer syntax there is are about 60 KiB. */
const longestAssociate = 65_536;

const { 'A-ASSOCIATE-RQ': rq, 'A-ASSOCIATE-AC': ac, 'P-DATA-TF': data } = pduTypes;

export class PduReader {
  readonly #longestData: number;
  #header = Buffer.alloc(pduHeaderLength);
  #headerLength = 0;
  #pieces: Buffer[] = [];
  /** Bytes of the body that are still to come. */
  #missing = 0;

  /** `longestData` is the maximum length that we announced for P-DATA-TF. */
  constructor(longestData: number) {
    this.#longestData = longestData;
  }

  /** Whether a PDU has begun and not ended. */
  get partial(): boolean {
    return this.#headerLength > 0;
  }

  /** The PDUs that end in this chunk; throws InvalidPdu, after which the stream has no meaning. */
  *push(chunk: Buffer): Generator<Pdu> {
    let at = 0;
    while (at < chunk.length) {
      at += this.#headerLength < pduHeaderLength ? this.#takeHeader(chunk, at) : this.#takeBody(chunk, at);
      if (this.#headerLength === pduHeaderLength && this.#missing === 0) yield this.#finish();
    }
  }

  #takeHeader(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#header, this.#headerLength, at, at + pduHeaderLength - this.#headerLength);
    this.#headerLength += taken;
    if (this.#headerLength === pduHeaderLength) this.#missing = this.#judgeLength();
    return taken;
  }

  #judgeLength(): number {
    const type = this.#header.readUInt8(0);
    const length = this.#header.readUInt32BE(2);
    if (type < rq || type > pduTypes['A-ABORT'])
      throw new InvalidPdu(`There is no PDU of type ${type}.`, 'unrecognized-pdu');
    const longest = type === data ? this.#longestData : type === rq || type === ac ? longestAssociate : 4;
    if (length > longest) throw new InvalidPdu(`A PDU of ${length} bytes is longer than the ${longest} that we take.`);
    if (longest === 4 && length < 4) throw new InvalidPdu(`A PDU of type ${type} has four bytes, not ${length}.`);
    return length;
  }

  #takeBody(chunk: Buffer, at: number): number {
    const piece = chunk.subarray(at, at + this.#missing);
    this.#pieces.push(piece);
    this.#missing -= piece.length;
    return piece.length;
  }

  #finish(): Pdu {
    const [first = Buffer.alloc(0), ...more] = this.#pieces;
    const body = more.length === 0 ? first : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#headerLength = 0;
    return decodePdu(this.#header.readUInt8(0), body);
  }
}
