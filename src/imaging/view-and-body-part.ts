/** What the words of a header say about body part and view, in the languages that devices and technicians use. */

import type { SeriesHeader, StudyHeader } from './header.ts';

export interface BodyPart {
  /** `contradicted`: the body part is something else, but a description says chest. */
  readonly verdict: 'chest' | 'other' | 'unknown' | 'contradicted';
  /** The words that decided. */
  readonly source?: string;
}

// French, English, Spanish, Portuguese, German; without accents, as `plain` makes them.
const chestWords =
  /\b(chest|thorax|thoracic|thoracique|torax|torace|lungs?|poumons?|pulm\w*|cxr|rp|brust|lunge|ribs?|sternum)\b/;
const otherWords = new RegExp(
  String.raw`\b(abdomen|abdominal\w*|asp|kub|pelvis|bassin|hips?|hanche|knees?|genou\w*|legs?|jambe|femur|tibia|ankle|cheville|` +
    String.raw`foot|feet|pied\w*|toes?|hands?|mains?|wrist|poignet|fingers?|doigts?|elbow|coude|forearm|humerus|arm|bras|` +
    String.raw`shoulder|epaule|clavicle|clavicule|skull|crane|head|tete|sinus\w*|face bones|jaw|mandib\w*|teeth|dental|` +
    String.raw`neck|cou|cervical\w*|c ?spine|l ?spine|t ?spine|spine|rachis|lumbar|lombaire|sacrum|coccyx|breast|sein|` +
    String.raw`extremity|cspine|lspine|tspine)\b`,
);
const unknownParts = new Set([
  '',
  'unknown',
  'other',
  'others',
  'none',
  'default',
  'na',
  'n/a',
  'whole body',
  'wholebody',
]);

function plain(text: string | undefined): string {
  const letters = (text ?? '').normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  return letters.replace(/[_\-+/.,;:()]+/g, ' ').trim();
}

/** Body Part Examined if it says anything, else the coded region, else the descriptions. */
export function bodyPartOf(study: StudyHeader, series: SeriesHeader): BodyPart {
  const described = [series.description, series.protocol, study.description].filter(Boolean).join('; ');
  const saysChest = chestWords.test(plain(described));
  const stated = [series.bodyPart, series.region].find((part) => !unknownParts.has(plain(part)));
  if (stated !== undefined) {
    if (chestWords.test(plain(stated))) return { verdict: 'chest', source: stated };
    return { verdict: saysChest ? 'contradicted' : 'other', source: stated };
  }
  if (saysChest) return { verdict: 'chest', source: described };
  return otherWords.test(plain(described)) ? { verdict: 'other', source: described } : { verdict: 'unknown' };
}

const frontalWords = /\b(pa|ap|frontal|face|front|posteroanterior|anteroposterior|postero anterior|antero posterior)\b/;
const lateralWords = /\b(lat|lateral|laterale|profil|profile|ll|rl|seitlich|perfil|oblique|oblicua)\b/;
const lateralPositions = /^(LL|RL|LATERAL|LAT|L|LLO|RLO|LAO|RAO|LPO|RPO|OBLIQUE|PROFIL|ML|LM)$/;

/** A lateral or oblique view, by View Position, else by its code, else by a description that names no frontal one too. */
export function isLateral({ viewPosition, view, description, protocol }: SeriesHeader): boolean {
  const position = (viewPosition ?? '').trim().toUpperCase();
  if (position !== '') return lateralPositions.test(position);
  // The study's description is no help: `thorax face et profil` holds for both of its images.
  const words = plain([view, description, protocol].filter(Boolean).join(' '));
  const isDecubitus = /decubitus/.test(words);
  return lateralWords.test(words) && !frontalWords.test(words) && !isDecubitus;
}

const bedWords = /\b(bed|bedside|portable|mobile|supine|lit|couche|au lit|decubitus dorsal|rea|icu|uci)\b/;

/** Taken in bed, where hearts look large and fluids spread. */
export function isSupine(study: StudyHeader, series: SeriesHeader): boolean {
  return bedWords.test(plain([series.description, series.protocol, study.description].filter(Boolean).join(' ')));
}
