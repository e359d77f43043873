/**
 * Units of measure: whether a code is one of UCUM, and what a quantity is in base units.
 * https://ucum.org/ucum
 */
import { createRequire } from 'node:module';
import { lazy } from '../definitions/generated.ts';
import { recent } from './recent.ts';

export const ucumSystem = 'http://unitsofmeasure.org';

/** What we read of the library's unit. */
interface LhcUnit {
  readonly csCode_: string | number;
  readonly name_: string | null;
  readonly magnitude_: number;
  readonly dim_: { readonly dimVec_: readonly number[] | null } | null;
  readonly cnv_: string | null;
  readonly cnvPfx_: number;
  readonly isArbitrary_: boolean;
  readonly moleExp_: number;
  readonly guidance_: string | null;
}

interface Lhc {
  getSpecifiedUnit(code: string, action: 'validate'): { readonly unit: LhcUnit | null };
  validateUnitString(
    code: string,
    suggest?: boolean,
  ): { readonly status: 'valid' | 'invalid' | 'error'; readonly msg: readonly string[] };
}

export interface Unit {
  readonly code: string;
  readonly name: string;
  /** The product of base units that it can be converted to, for instance `m-1.s-2.g1`; undefined: to none. */
  readonly dimension?: string;
  /** How much of it one is; a quantity of a scale with a zero of its own (Celsius) gets `offset` added first. */
  readonly factor: number;
  readonly offset: number;
}

/** The library takes longer units, but nobody means them. */
const longest = 200;
const letters = /^[\x21-\x7e]+$/;
const bases = ['m', 's', 'g', 'rad', 'K', 'C', 'cd'] as const;
/** The library has the mole as Avogadro's number (CODATA 1998), which its magnitudes contain. */
const avogadro = 6.0221367e23;

/** Scales with another zero, in steps of their own size: what is added to get to the absolute scale. */
const zeros: Readonly<Record<string, number>> = { Cel: 273.15, degF: 459.67, degRe: 218.52 };

/** Loaded at the first unit: 30 ms and 3 MB that a server without quantities never spends. */
const library = lazy(() => {
  const loaded = createRequire(import.meta.url)('@lhncbc/ucum-lhc') as {
    readonly UcumLhcUtils: { getInstance(): Lhc };
  };
  return loaded.UcumLhcUtils.getInstance();
});

const known = recent<Unit | string>(5000);

/** The unit of a case sensitive UCUM code, or the reason why it is none. */
export function unitOf(code: string): Unit | string {
  const before = known.get(code);
  if (before !== undefined) return before;
  const unit = read(code);
  // A reason may be as long as the code: only short codes are worth remembering.
  if (code.length <= longest) known.set(code, unit);
  return unit;
}

function read(code: string): Unit | string {
  if (code.length > longest) return `A UCUM code has at most ${longest} characters here.`;
  // The library would write to the console about a blank.
  if (!letters.test(code)) return 'A UCUM code has printable ASCII characters only, and no blanks.';
  const { status, msg } = library().validateUnitString(code);
  const { unit } = library().getSpecifiedUnit(code, 'validate');
  if (status !== 'valid' || !unit) return msg.join(' ').replace(/\s+/g, ' ').trim() || `${code} is no UCUM code.`;
  return measured(code, unit);
}

function measured(code: string, unit: LhcUnit): Unit {
  const { magnitude_, cnv_, cnvPfx_, moleExp_, isArbitrary_, dim_ } = unit;
  const named = { code, name: unit.name_ ?? code };
  const zero = cnv_ === null ? 0 : zeros[cnv_];
  // Arbitrary units are commensurable with nothing, and logarithms not by a factor.
  if (isArbitrary_ || zero === undefined || !dim_?.dimVec_) return { ...named, factor: 1, offset: 0 };
  const powers = [...dim_.dimVec_.map((power, at) => [bases[at], power] as const), ['mol', moleExp_] as const];
  const dimension = powers
    .filter(([, power]) => power !== 0)
    .map(([base, power]) => `${base}${power}`)
    .join('.');
  const factor = (magnitude_ / avogadro ** moleExp_) * cnvPfx_;
  return { ...named, dimension: dimension || '1', factor, offset: zero / cnvPfx_ };
}

/** More digits than this are noise of the conversion: 5 mg/dL and 50 mg/L have to become the same number. */
const digits = 13;

/**
 * A value with a UCUM unit in base units (metre, second, gram, radian, kelvin, coulomb, candela, mole), so that quantities of
 * the same `unit` can be compared. undefined for what is no UCUM code, for arbitrary units ([IU]) and for logarithmic scales
 * ([pH], dB), which have no common measure.
 */
export function canonical(value: number, unit: string): { readonly value: number; readonly unit: string } | undefined {
  const found = unitOf(unit);
  if (typeof found === 'string' || found.dimension === undefined) return undefined;
  const converted = (value + found.offset) * found.factor;
  if (!Number.isFinite(converted)) return undefined;
  return { value: Number(converted.toPrecision(digits)), unit: found.dimension };
}
