/** Cuts a byte stream into PDUs; a PDU's length is judged before a byte of it is kept, and data are not kept at all. */
import { InvalidPdu, type Pdu, pduHeaderLength, pduTypes } from './pdu.ts';
import { decodePdu } from './pdu-codec.ts';
import { PdvReader } from './pdv-reader.ts';

/** 128 contexts with every transfer syntax there is are about 60 KiB. */
const longestAssociate = 65_536;

const { 'A-ASSOCIATE-RQ': rq, 'A-ASSOCIATE-AC': ac, 'P-DATA-TF': data } = pduTypes;

export class PduReader {
  readonly #longestData: number;
  readonly #pdvs = new PdvReader();
  readonly #header = Buffer.alloc(pduHeaderLength);
  #headerBytes = 0;
  #pieces: Buffer[] = [];
  /** Bytes of the body that are still to come. */
  #missing = 0;
  #ended = 0;

  /** `longestData` is the maximum length that we announced for P-DATA-TF. */
  constructor(longestData: number) {
    this.#longestData = longestData;
  }

  /** Whether a PDU has begun and not ended. */
  get partial(): boolean {
    return this.#headerBytes > 0;
  }

  /** How many PDUs have ended. */
  get ended(): number {
    return this.#ended;
  }

  /**
   * The PDUs that end in this chunk; of a P-DATA-TF that goes on beyond it, what is here, as a P-DATA-TF of its own.
   * Throws InvalidPdu, after which the stream has no meaning.
   */
  *push(chunk: Buffer): Generator<Pdu> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#headerBytes < pduHeaderLength) at += this.#takeHeader(chunk, at);
      if (this.#headerBytes < pduHeaderLength) return;
      const piece = chunk.subarray(at, at + this.#missing);
      at += piece.length;
      this.#missing -= piece.length;
      const pdu = this.#takeBody(piece);
      if (pdu) yield pdu;
    }
  }

  #takeHeader(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#header, this.#headerBytes, at, at + pduHeaderLength - this.#headerBytes);
    this.#headerBytes += taken;
    if (this.#headerBytes === pduHeaderLength) {
      this.#missing = this.#judgeLength();
      if (this.#type === data) this.#pdvs.begin(this.#missing);
    }
    return taken;
  }

  get #type(): number {
    return this.#header.readUInt8(0);
  }

  #judgeLength(): number {
    const type = this.#type;
    const length = this.#header.readUInt32BE(2);
    if (type < rq || type > pduTypes['A-ABORT'])
      throw new InvalidPdu(`There is no PDU of type ${type}.`, 'unrecognized-pdu');
    const longest = type === data ? this.#longestData : type === rq || type === ac ? longestAssociate : 4;
    if (length > longest) throw new InvalidPdu(`A PDU of ${length} bytes is longer than the ${longest} that we take.`);
    if (longest === 4 && length < 4) throw new InvalidPdu(`A PDU of type ${type} has four bytes, not ${length}.`);
    return length;
  }

  #takeBody(piece: Buffer): Pdu | undefined {
    const whole = this.#missing === 0;
    if (whole) {
      this.#headerBytes = 0;
      this.#ended += 1;
    }
    if (this.#type === data) {
      const pdvs = this.#pdvs.take(piece);
      return pdvs.length > 0 || whole ? { type: 'P-DATA-TF', pdvs } : undefined;
    }
    this.#pieces.push(piece);
    if (!whole) return undefined;
    const body = Buffer.concat(this.#pieces);
    this.#pieces = [];
    return decodePdu(this.#type, body);
  }
}
