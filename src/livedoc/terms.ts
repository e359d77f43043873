/**
 * LIVEDOC's own codes with their French and English names; `fhir-profiles/CodeSystem-*.json` publish the same (tested).
 * https://hl7.org/fhir/R4/codesystem.html
 */
import type { CodeableConcept, Coding } from '@medplum/fhirtypes';
import { codeSystem } from './canonical.ts';

export type Language = 'fr' | 'en';
type Names = readonly [fr: string, en: string];

/** code system: code: names */
export const terms = {
  'user-role': {
    MEDECIN: ['Médecin', 'Physician'],
    PERSONNEL: ['Personnel soignant', 'Care staff'],
    ADMINISTRATEUR: ['Administrateur', 'Administrator'],
  },
  'user-status': {
    ACTIVE: ['Actif', 'Active'],
    INACTIVE: ['Inactif', 'Inactive'],
    SUSPENDED: ['Suspendu', 'Suspended'],
  },
  sexe: { M: ['Masculin', 'Male'], F: ['Féminin', 'Female'] },
  'consultation-status': {
    EN_ATTENTE: ['En attente', 'Waiting'],
    EN_COURS: ['En cours', 'In progress'],
    TERMINEE: ['Terminée', 'Finished'],
    ANNULEE: ['Annulée', 'Cancelled'],
  },
  'vital-sign': {
    temperature: ['Température corporelle', 'Body temperature'],
    frequence_cardiaque: ['Fréquence cardiaque', 'Heart rate'],
    frequence_respiratoire: ['Fréquence respiratoire', 'Respiratory rate'],
    tension_systolique: ['Tension artérielle systolique', 'Systolic blood pressure'],
    tension_diastolique: ['Tension artérielle diastolique', 'Diastolic blood pressure'],
    saturation_o2: ['Saturation en oxygène', 'Oxygen saturation'],
    poids: ['Poids', 'Body weight'],
    taille: ['Taille', 'Body height'],
    imc: ['Indice de masse corporelle', 'Body mass index'],
  },
  'tb-symptom': {
    'cough-over-2-weeks': ['Toux depuis plus de deux semaines', 'Cough for more than two weeks'],
    haemoptysis: ['Hémoptysie', 'Haemoptysis'],
    fever: ['Fièvre', 'Fever'],
    'night-sweats': ['Sueurs nocturnes', 'Night sweats'],
    'weight-loss': ['Perte de poids', 'Weight loss'],
  },
  'tb-cad-outcome': {
    positive: ['Évocateur de tuberculose pulmonaire', 'Suggestive of pulmonary tuberculosis'],
    negative: ['Non évocateur de tuberculose pulmonaire', 'Not suggestive of pulmonary tuberculosis'],
    indeterminate: ['Indéterminé', 'Indeterminate'],
  },
  prediction: { '0': ['Normal', 'Normal'], '1': ['Tuberculose', 'Tuberculosis'] },
  'confidence-level': {
    FAIBLE: ['Confiance faible', 'Low confidence'],
    MOYEN: ['Confiance moyenne', 'Medium confidence'],
    ELEVE: ['Confiance élevée', 'High confidence'],
  },
  'lung-zone': {
    'right-upper': ['Champ pulmonaire supérieur droit', 'Right upper lung zone'],
    'right-middle': ['Champ pulmonaire moyen droit', 'Right middle lung zone'],
    'right-lower': ['Champ pulmonaire inférieur droit', 'Right lower lung zone'],
    'left-upper': ['Champ pulmonaire supérieur gauche', 'Left upper lung zone'],
    'left-middle': ['Champ pulmonaire moyen gauche', 'Left middle lung zone'],
    'left-lower': ['Champ pulmonaire inférieur gauche', 'Left lower lung zone'],
  },
  'tb-cad': {
    classification: ['Lecture automatique de la tuberculose', 'Computer-aided detection of tuberculosis'],
    probability: ['Probabilité calibrée', 'Calibrated probability'],
    threshold: ['Seuil de décision', 'Decision threshold'],
    confidence: ['Confiance', 'Confidence'],
    'confidence-level': ['Niveau de confiance', 'Confidence level'],
    region: ['Région suspecte', 'Suspicious region'],
    'rejection-reason': ['Motif de non-lecture', 'Reason for not reading'],
    warning: ['Avertissement', 'Warning'],
  },
  'not-read-reason': {
    'not-cr-dx': ['Pas une radiographie numérique (CR, DX)', 'Not a computed or digital radiograph (CR, DX)'],
    'not-grayscale': ['Pas une image unique en niveaux de gris', 'Not a single grayscale image'],
    'not-chest': ['Pas un thorax', 'Not a chest'],
    'lateral-view': ['Incidence de profil', 'Lateral view'],
    'too-young': ['Âge inférieur au minimum du modèle', 'Below the minimum age of the model'],
    'too-small': ['Image trop petite', 'Image too small'],
    'too-large': ['Image trop grande', 'Image too large'],
    'too-elongated': ["Pas le format d'un cliché thoracique", 'Not the shape of a chest film'],
    'wrong-length': ['Nombre de pixels incohérent', 'Number of pixels does not fit'],
    'no-contrast': ['Image sans contraste', 'Image without contrast'],
    'out-of-distribution': ['Image inconnue du modèle', 'Image unlike those that the model knows'],
    'not-decodable': ['Image illisible', 'Image cannot be decoded'],
    'reader-timeout': ['Lecture trop longue', 'Reading took too long'],
    'reader-memory': ['Lecture trop gourmande en mémoire', 'Reading took too much memory'],
    'reader-crash': ['Lecture interrompue', 'Reading broke off'],
  },
  'validation-status': {
    VALIDE: ['Validé', 'Confirmed'],
    REJETE: ['Rejeté', 'Rejected'],
    MODIFIE: ['Modifié', 'Corrected'],
  },
  'final-diagnosis': {
    TUBERCULOSE_PULMONAIRE: ['Tuberculose pulmonaire', 'Pulmonary tuberculosis'],
    TUBERCULOSE_EXTRAPULMONAIRE: ['Tuberculose extrapulmonaire', 'Extrapulmonary tuberculosis'],
    TUBERCULOSE: ['Tuberculose', 'Tuberculosis'],
    PAS_DE_TUBERCULOSE: ['Pas de tuberculose', 'No tuberculosis'],
    INDETERMINE: ['Indéterminé', 'Indeterminate'],
  },
  recommendation: {
    'molecular-test-sputum': [
      'Test moléculaire rapide (TAAN) sur expectoration, à la recherche de Mycobacterium tuberculosis',
      'Rapid molecular test (NAAT) on sputum for Mycobacterium tuberculosis',
    ],
  },
  device: {
    'ai-model': ["Modèle d'intelligence artificielle", 'Artificial intelligence model'],
    version: ['Version sémantique', 'Semantic version'],
    sha256: ['SHA-256 des poids', 'SHA-256 of the weights'],
    runtime: ["Moteur d'exécution", 'Runtime'],
    threshold: ['Seuil de décision', 'Decision threshold'],
  },
  document: { 'model-card': ['Fiche du modèle', 'Model card'] },
  tag: {
    unverified: ['Identité non vérifiée', 'Identity not verified'],
    'demographics-differ': [
      "L'identité dans l'image diffère du dossier",
      'Identity in the image differs from the record',
    ],
  },
  restriction: {
    restricted: ['Traitement limité (RGPD, article 18)', 'Processing restricted (GDPR, article 18)'],
  },
  'break-the-glass-reason': {
    'vital-emergency': ['Urgence vitale', 'Danger to life'],
    'unable-to-consent': ["Patient hors d'état de consentir", 'Patient unable to consent'],
    'continuity-of-care': ['Continuité des soins urgents', 'Continuity of urgent care'],
    'contagion-risk': ["Risque de contagion pour l'entourage", 'Danger of contagion to others'],
    'patient-request': ['À la demande du patient présent', 'At the request of the patient, who is present'],
  },
  'break-the-glass-verdict': {
    justified: ['Justifié', 'Justified'],
    'not-justified': ['Non justifié', 'Not justified'],
    'follow-up': ['À suivre', 'To be followed up'],
  },
} as const satisfies Record<string, Record<string, Names>>;

export type System = keyof typeof terms;
export type Code<S extends System> = keyof (typeof terms)[S] & string;

/** The name of a code in the language; a code that the system lacks is its own name. */
export function nameOf(system: System, code: string, language: Language): string {
  const names = (terms[system] as Record<string, Names | undefined>)[code];
  return names?.[language === 'fr' ? 0 : 1] ?? code;
}

export function coding<S extends System>(system: S, code: Code<S>, language: Language): Coding {
  return { system: codeSystem(system), code, display: nameOf(system, code, language) };
}

export function concept<S extends System>(system: S, code: Code<S>, language: Language): CodeableConcept {
  return { coding: [coding(system, code, language)] };
}

/** The concept's code in one of our systems, when it is one that the system has. */
export function codeIn<S extends System>(system: S, from: CodeableConcept | undefined): Code<S> | undefined {
  const found = from?.coding?.find((each) => each.system === codeSystem(system))?.code;
  return found !== undefined && Object.hasOwn(terms[system], found) ? (found as Code<S>) : undefined;
}

/** The code that a person means by a code or by one of its names, regardless of case, accents and spaces around. */
export function codeNamed<S extends System>(system: S, text: string): Code<S> | undefined {
  const wanted = folded(text);
  const entries = Object.entries(terms[system] as Record<string, Names>);
  const found = entries.find(([code, names]) => [code, ...names].some((name) => folded(name) === wanted));
  return found?.[0] as Code<S> | undefined;
}

function folded(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .trim()
    .replace(/[\s_]+/g, ' ')
    .toLowerCase();
}
