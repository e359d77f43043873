/**
 * The presentation data values of a P-DATA-TF, handed on as they arrive: nothing is copied, nothing is kept.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part08/sect_9.3.5.html
 */
import { InvalidPdu, type Pdv, pdvHeaderLength } from './pdu.ts';

export class PdvReader {
  readonly #header = Buffer.alloc(pdvHeaderLength);
  #headerBytes = 0;
  /** Bytes of the PDU, and of the value under way, that are still to come. */
  #pduMissing = 0;
  #valueMissing = 0;

  /** Begins a PDU whose body has that many bytes. */
  begin(length: number): void {
    this.#pduMissing = length;
  }

  /**
   * The values in the next bytes of the body; one that goes on beyond them is given as a fragment that is not the last,
   * which is what it would be had the peer sent smaller PDUs. Throws InvalidPdu.
   */
  take(bytes: Buffer): Pdv[] {
    const pdvs: Pdv[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (this.#headerBytes < pdvHeaderLength) at += this.#takeHeader(bytes, at);
      if (this.#headerBytes < pdvHeaderLength) break;
      const data = bytes.subarray(at, at + this.#valueMissing);
      at += data.length;
      this.#valueMissing -= data.length;
      if (data.length > 0 || this.#valueMissing === 0) pdvs.push(this.#value(data));
    }
    this.#pduMissing -= bytes.length;
    if (this.#pduMissing === 0 && this.#headerBytes > 0) throw new InvalidPdu('A presentation data value is cut off.');
    return pdvs;
  }

  #takeHeader(bytes: Buffer, at: number): number {
    const taken = bytes.copy(this.#header, this.#headerBytes, at, at + pdvHeaderLength - this.#headerBytes);
    this.#headerBytes += taken;
    if (this.#headerBytes === pdvHeaderLength) {
      this.#valueMissing = this.#header.readUInt32BE(0) - 2;
      const room = this.#pduMissing - at - taken;
      if (this.#valueMissing < 0 || this.#valueMissing > room)
        throw new InvalidPdu('A presentation data value is longer than its PDU.');
    }
    return taken;
  }

  #value(data: Buffer): Pdv {
    const control = this.#header.readUInt8(5);
    const whole = this.#valueMissing === 0;
    if (whole) this.#headerBytes = 0;
    return {
      context: this.#header.readUInt8(4),
      command: (control & 1) !== 0,
      last: whole && (control & 2) !== 0,
      data,
    };
  }
}
