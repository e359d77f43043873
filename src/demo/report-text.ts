/** A report's essentials for a terminal, taken from the FHIR resources that any hospital would read. */
import type {
  Bundle,
  CodeableConcept,
  Device,
  DiagnosticReport,
  Observation,
  ObservationComponent,
  Patient,
  Reference,
  Resource,
} from '@medplum/fhirtypes';
import { feature } from '../livedoc/regions.ts';
import { codeIn } from '../livedoc/terms.ts';

const nameOf = (concept: CodeableConcept | undefined) =>
  concept?.text ?? concept?.coding?.find(({ display }) => display)?.display ?? '';

function patientLine({ name, birthDate, identifier }: Patient): string {
  const official = name?.find(({ use }) => use === 'official') ?? name?.[0];
  const numbers = identifier?.map(({ value }) => value).join(', ');
  return `${official?.given?.join(' ') ?? ''} ${official?.family ?? ''}, ${birthDate ?? '?'} (${numbers ?? 'no number'})`;
}

function regionLines(components: readonly ObservationComponent[]): readonly string[] {
  return components.flatMap((component) =>
    feature(component).map(({ box, share }) => {
      const where = `${box.width} x ${box.height} pixels at (${box.x}, ${box.y})`;
      return `${nameOf(component.valueCodeableConcept)}: ${where}, ${Math.round(share * 100)} % of the evidence`;
    }),
  );
}

/** Name and value, one a line, for whatever the report has. */
export function reportLines(bundle: Bundle): readonly (readonly [name: string, value: string])[] {
  const resources = bundle.entry?.map(({ resource }) => resource) ?? [];
  const at = <T extends Resource>(reference: Reference | undefined) =>
    resources.find((one) => `${one?.resourceType}/${one?.id}` === reference?.reference) as T | undefined;
  const report = resources.find((one): one is DiagnosticReport => one?.resourceType === 'DiagnosticReport');
  if (!report) throw new Error('The search has found no report.');
  const observation = at<Observation>(report.result?.[0]);
  const patient = at<Patient>(report.subject);
  const device = at<Device>(observation?.device);
  const components = observation?.component ?? [];
  const value = (code: string) => {
    const found = components.find((component) => codeIn('tb-cad', component.code) === code);
    return found?.valueQuantity?.value?.toFixed(3) ?? nameOf(found?.valueCodeableConcept);
  };
  const asserted = report.meta?.security?.some(({ code }) => code === 'AIAST') ? ', asserted by an AI' : '';
  const lines: readonly (readonly [string, string])[] = [
    ['Report', `DiagnosticReport/${report.id} (${report.status}${asserted})`],
    ['Patient', patient ? patientLine(patient) : ''],
    ['Interpretation', nameOf(observation?.valueCodeableConcept)],
    ['Not read', value('rejection-reason')],
    ['Probability', value('probability')],
    ['Threshold', value('threshold')],
    ['Confidence', [value('confidence'), value('confidence-level')].filter(Boolean).join(', ')],
    ...regionLines(components).map((line) => ['Region', line] as const),
    ['Conclusion', report.conclusion ?? ''],
    [
      'Model',
      [device?.deviceName?.[0]?.name, device?.version?.map(({ value: text }) => text).join(', ')]
        .filter(Boolean)
        .join(', '),
    ],
  ];
  return lines.filter(([, text]) => text !== '');
}
