/**
 * What the resource types that a person may let an application have are called, in French and in English.
 * https://hl7.org/fhir/R4/resourcelist.html
 */
import type { Locale } from '../../auth/pages.ts';

/** [French, English] */
const names: Readonly<Record<string, readonly [string, string]>> = {
  AdverseEvent: ['événements indésirables', 'adverse events'],
  AllergyIntolerance: ['allergies et intolérances', 'allergies and intolerances'],
  Appointment: ['rendez-vous', 'appointments'],
  AppointmentResponse: ['réponses aux rendez-vous', 'answers to appointments'],
  AuditEvent: ["journal d'accès", 'access log'],
  Basic: ["réglages d'applications", "applications' settings"],
  Binary: ['fichiers', 'files'],
  BodyStructure: ['structures anatomiques', 'body structures'],
  CarePlan: ['plans de soins', 'care plans'],
  CareTeam: ['équipes de soins', 'care teams'],
  ClinicalImpression: ['notes médicales', 'medical notes'],
  Communication: ['messages', 'messages'],
  CommunicationRequest: ['demandes de messages', 'requests for messages'],
  Composition: ['documents structurés', 'structured documents'],
  Condition: ['diagnostics et problèmes de santé', 'diagnoses and health problems'],
  Consent: ['consentements', 'consents'],
  Coverage: ['couvertures maladie', 'insurance coverage'],
  DetectedIssue: ['alertes cliniques', 'clinical issues'],
  Device: ['appareils et logiciels', 'devices and software'],
  DeviceDefinition: ["modèles d'appareils", 'kinds of devices'],
  DeviceMetric: ["mesures d'appareils", "devices' metrics"],
  DeviceRequest: ["demandes d'appareils", 'requests for devices'],
  DeviceUseStatement: ["utilisations d'appareils", 'use of devices'],
  DiagnosticReport: ['comptes rendus et prédictions', 'reports and predictions'],
  DocumentManifest: ['lots de documents', 'sets of documents'],
  DocumentReference: ['documents', 'documents'],
  Encounter: ['consultations et séjours', 'consultations and stays'],
  Endpoint: ['adresses techniques', 'technical addresses'],
  EpisodeOfCare: ['épisodes de soins', 'episodes of care'],
  FamilyMemberHistory: ['antécédents familiaux', 'family history'],
  Flag: ['signalements', 'flags'],
  Goal: ['objectifs de soins', 'goals of care'],
  GuidanceResponse: ["réponses d'aide à la décision", 'decision support answers'],
  HealthcareService: ['services de soins', 'healthcare services'],
  ImagingStudy: ["examens d'imagerie", 'imaging studies'],
  Immunization: ['vaccinations', 'immunizations'],
  ImmunizationEvaluation: ['évaluations de vaccinations', 'evaluations of immunizations'],
  ImmunizationRecommendation: ['vaccinations conseillées', 'recommended immunizations'],
  List: ['listes', 'lists'],
  Location: ['lieux', 'locations'],
  Media: ['photos et vidéos', 'photos and videos'],
  Medication: ['médicaments', 'medications'],
  MedicationAdministration: ['administrations de médicaments', 'administered medications'],
  MedicationDispense: ['délivrances de médicaments', 'dispensed medications'],
  MedicationRequest: ['prescriptions de médicaments', 'prescribed medications'],
  MedicationStatement: ['prises de médicaments', 'medications taken'],
  MolecularSequence: ['séquences moléculaires', 'molecular sequences'],
  NutritionOrder: ['prescriptions diététiques', 'nutrition orders'],
  Observation: ['observations et résultats', 'observations and results'],
  Organization: ['organisations', 'organizations'],
  OrganizationAffiliation: ['liens entre organisations', 'ties between organizations'],
  Patient: ['identité du patient', "the patient's identity"],
  Practitioner: ['professionnels', 'practitioners'],
  PractitionerRole: ['fonctions des professionnels', "practitioners' roles"],
  Procedure: ['actes', 'procedures'],
  Provenance: ['origine des données', 'where data come from'],
  QuestionnaireResponse: ['réponses aux questionnaires', 'answered questionnaires'],
  RelatedPerson: ['proches', 'related persons'],
  RequestGroup: ['groupes de demandes', 'groups of requests'],
  RiskAssessment: ['évaluations de risques', 'risk assessments'],
  Schedule: ['agendas', 'schedules'],
  ServiceRequest: ["demandes d'examens et de soins", 'requests for tests and care'],
  Slot: ['créneaux', 'slots'],
  Specimen: ['prélèvements', 'specimens'],
  Substance: ['substances', 'substances'],
  SupplyDelivery: ['livraisons', 'deliveries'],
  SupplyRequest: ['demandes de fournitures', 'requests for supplies'],
  Task: ['tâches', 'tasks'],
  VisionPrescription: ["prescriptions d'optique", 'vision prescriptions'],
};

/** The name of a type in the plural; the type itself for one that no person is likely to be asked about. */
export function resourceName(type: string, locale: Locale): string {
  const known = names[type];
  return known?.[locale === 'fr' ? 0 : 1] ?? type;
}

const categories: Readonly<Record<string, readonly [string, string]>> = {
  laboratory: ['résultats de laboratoire', 'laboratory results'],
  'vital-signs': ['constantes vitales', 'vital signs'],
  'social-history': ['mode de vie', 'social history'],
  survey: ['questionnaires', 'surveys'],
  imaging: ['imagerie', 'imaging'],
  procedure: ['observations pendant un acte', 'observations during procedures'],
  exam: ['examen clinique', 'physical examination'],
  therapy: ['suivi de traitement', 'therapy'],
  activity: ['activité physique', 'physical activity'],
  sdoh: ['déterminants sociaux', 'social determinants of health'],
  'clinical-test': ['tests cliniques', 'clinical tests'],
  'encounter-diagnosis': ['diagnostics de consultation', 'diagnoses of consultations'],
  'problem-list-item': ['liste des problèmes', 'problem list'],
  'health-concern': ['préoccupations de santé', 'health concerns'],
};

/** The name of a category by its code; the code itself for one that is not known. */
export function categoryName(code: string, locale: Locale): string {
  return categories[code]?.[locale === 'fr' ? 0 : 1] ?? code;
}
