/** Searches over the world of world.ts and what R4 says they find. https://hl7.org/fhir/R4/search.html */
import { type Case, found, outcome } from './caller.ts';
import { tagSystem } from './world.ts';

const tagged = (query: string, run: string) =>
  `${query.replaceAll('RUN', run).replaceAll('|', '%7C')}&_tag=${tagSystem}%7C${run}&_count=50`;

const search = (query: string, expected: string | readonly string[], sorted = true): Case => ({
  title: query,
  ask: async (call, run) => found(await call(tagged(query, run)), sorted),
  expected,
});

const everybody = 'goff muller nameless old zoe';

const strings = [
  search('Patient?name=lefebvre', 'zoe'),
  search('Patient?family:exact=Lefebvre', ''),
  search('Patient?family:exact=Lef%C3%A8bvre', 'zoe'),
  search('Patient?family:contains=GOF', 'goff'),
  // What a part of a name is, is the server's choice.
  search('Patient?family=goff', ['', 'goff']),
  search('Patient?given=ZO', 'zoe'),
  search('Patient?family=lef,mul', 'muller zoe'),
  search('Patient?family=lef&given=karl', ''),
  search('Organization?name=hopital%20saint', 'chu'),
];

const dates = [
  search('Patient?birthdate=1980', 'goff muller zoe'),
  search('Patient?birthdate=1980-05', 'goff zoe'),
  search('Patient?birthdate=1980-05-17', 'zoe'),
  search('Patient?birthdate=ne1980-05', 'muller old'),
  search('Patient?birthdate=gt1980-05', 'muller'),
  search('Patient?birthdate=lt1980-05', 'muller old'),
  search('Patient?birthdate=sa1979', 'goff muller zoe'),
  search('Patient?birthdate=eb1980-05-17', 'old'),
  search('Patient?birthdate=ge1950&birthdate=lt1960', 'old'),
  search('Observation?date=2024-01-02', 'glucose1'),
  // A Period that begins before the day is neither within nor above it.
  search('Observation?date=ge2024-01-02&date=le2024-01-02', 'glucose1'),
  search('Observation?date=2024-02', 'weight'),
  search('Condition?onset-date=ge2024-01-15', 'tb'),
  search('Patient?birthdate:missing=true', 'nameless'),
  search('Patient?_lastUpdated=gt2020-01-01', everybody),
];

const tokens = [
  search('Patient?identifier=urn:example:ipp|RUN1', 'zoe'),
  search('Patient?identifier=RUN2', 'muller'),
  search('Patient?identifier=|RUN5', 'muller'),
  search('Patient?identifier=urn:example:ipp|', 'muller zoe'),
  search('Patient?gender:not=female', 'goff muller nameless'),
  search('Patient?gender=female,male', 'muller old zoe'),
  search('Patient?active=false', 'old'),
  search('Patient?deceased=true', 'goff'),
  search('Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|RUN1', 'zoe'),
  search('Observation?code:text=gluc', 'glucose1 glucose2'),
  search('Observation?code:in=urn:example:RUN:codes', 'glucose1 glucose2'),
  search('Observation?code:not-in=urn:example:RUN:codes', 'crossed high logical weight'),
  search('Observation?status:not=final', 'logical'),
];

const numbers = [
  search('Observation?value-quantity=5.4|http://unitsofmeasure.org|mmol/L', 'glucose1'),
  search('Observation?value-quantity=5.40|http://unitsofmeasure.org|mmol/L', ''),
  search('Observation?value-quantity=gt6|http://unitsofmeasure.org|mmol/L', 'glucose2'),
  search('Observation?value-quantity=7.2', 'glucose2'),
  search('Observation?value-quantity=7.2||mmol/L', 'glucose2'),
  search('Observation?value-quantity=70000|http://unitsofmeasure.org|g', 'weight'),
  search('RiskAssessment?probability=gt0.75', 'risk'),
  search('RiskAssessment?probability=lt0.75', ''),
  search('Observation?component-code-value-quantity=http://loinc.org|8480-6$gt150', 'high'),
  search('Observation?code-value-quantity=http://loinc.org|2339-0$lt6', 'glucose1'),
  search('Location?near=47.24|6.02|10|km', 'besancon'),
];

const references = [
  search('Observation?subject=Patient/RUN-zoe', 'glucose1'),
  search('Observation?subject:Patient=RUN-zoe', 'glucose1'),
  search('Observation?patient=RUN-zoe,RUN-old', 'glucose1 weight'),
  search('Observation?subject:identifier=urn:example:ipp|RUN77', 'logical'),
  search('Observation?patient.family=lef', 'glucose1'),
  search('Observation?subject:Patient.birthdate=1955-02-03', 'weight'),
  search('Observation?patient.organization.name=hopital', 'glucose1'),
  search('Patient?_has:Observation:patient:code=http://loinc.org|2339-0', 'muller zoe'),
  search('Patient?_has:Observation:patient:value-quantity=gt6|http://unitsofmeasure.org|mmol/L', 'muller'),
  search('Organization?_has:Patient:organization:_has:Observation:patient:code=2339-0', 'chu'),
  search('Patient?organization:missing=true', 'goff muller nameless old'),
  search('Organization?partof:missing=false', 'service'),
];

const results = [
  search('Observation?code=2339-0&_include=Observation:patient', 'glucose1 glucose2 + muller zoe'),
  search('Patient?family=lef&_revinclude=Observation:patient', 'zoe + glucose1'),
  search(
    'Observation?_id=RUN-glucose1&_include=Observation:patient&_include:iterate=Patient:organization',
    'glucose1 + chu zoe',
  ),
  search('Observation?_id=RUN-glucose1&_include=*', 'glucose1 + zoe'),
  search('Patient?family:missing=false&birthdate:missing=false&_sort=family', 'old goff zoe muller', false),
  search('Patient?gender=female&_sort=-birthdate', 'zoe old', false),
  search('Observation?code=2339-0&_sort=patient.family,-date', ['status 400', 'glucose1 glucose2'], false),
  search('Patient?_filter=family%20sw%20%22lef%22%20or%20birthdate%20lt%201960', 'old zoe'),
  search('Patient?_filter=not(gender%20eq%20female)%20and%20family%20sw%20%22m%22', 'muller'),
  search('Patient?_list=RUN-list', 'goff old'),
];

const others: readonly Case[] = [
  {
    title: '_summary=count gives the total and no entries',
    ask: async (call, run) => {
      const { body } = await call(tagged('Patient?_summary=count', run));
      return `${body.total} ${body.entry?.length ?? 0}`;
    },
    expected: '5 0',
  },
  {
    title: '_total=accurate on a first page of 2',
    ask: async (call, run) => {
      const { body } = await call(tagged('Patient?_total=accurate', run).replace('_count=50', '_count=2'));
      return `${body.total} ${body.entry?.length}`;
    },
    expected: '5 2',
  },
  {
    title: '_elements tags SUBSETTED',
    ask: async (call, run) => {
      const { body } = await call(tagged('Patient?_elements=birthDate&family=lef', run));
      const [first] = body.entry ?? [];
      const subsetted = first?.resource?.meta?.tag?.some(({ code }) => code === 'SUBSETTED');
      return `${first?.resource?.birthDate} ${subsetted}`;
    },
    expected: '1980-05-17 true',
  },
  {
    title: 'POST _search with a form',
    ask: async (call, run) =>
      found(
        await call('Patient/_search', {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: `family=lef&_tag=${tagSystem}%7C${run}`,
        }),
      ),
    expected: 'zoe',
  },
  {
    title: 'Patient/ID/Observation (compartment)',
    ask: async (call, run) => found(await call(tagged(`Patient/RUN-zoe/Observation?status=final`, run))),
    expected: 'glucose1',
  },
  {
    title: 'system search by _type',
    ask: async (call, run) => found(await call(tagged('?_type=Location,Organization', run))),
    expected: 'besancon chu paris service',
  },
  {
    title: 'an unknown parameter with handling=strict',
    ask: async (call) => outcome(await call('Patient?nothing=1', { headers: { prefer: 'handling=strict' } })),
    expected: '400 with OperationOutcome',
  },
  {
    title: 'an unknown parameter with handling=lenient',
    ask: async (call, run) =>
      found(await call(tagged('Patient?nothing=1&family=lef', run), { headers: { prefer: 'handling=lenient' } })),
    expected: 'zoe',
  },
  {
    title: 'a date that is none',
    ask: async (call) => outcome(await call('Patient?birthdate=yesterday')),
    expected: '400 with OperationOutcome',
  },
  {
    title: 'a modifier that the type does not have',
    ask: async (call) => outcome(await call('Patient?birthdate:exact=1980')),
    expected: '400 with OperationOutcome',
  },
];

export const searchCases: readonly Case[] = [
  ...strings,
  ...dates,
  ...tokens,
  ...numbers,
  ...references,
  ...results,
  ...others,
];
