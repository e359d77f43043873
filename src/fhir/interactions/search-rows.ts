/**
 * The rows of searches that are about more than one type.
 * https://hl7.org/fhir/R4/http.html#search
 */
import type { Interaction } from './interaction.ts';
import { search } from './search.ts';
import { searchCompartment } from './search-compartment.ts';

const common = { permissions: [], action: 'E' } as const;
const inUrl = { ...common, method: 'GET', body: 'none' } as const;
const inForm = { ...common, method: 'POST', body: 'form' } as const;

/** Each asks for every type that it touches by itself. */
export const wideSearchRows: readonly Interaction[] = [
  { ...inUrl, code: 'search-system', path: '', run: search },
  {
    ...inForm,
    code: 'search-system',
    path: '_search',
    run: async (context, { type, form, strict }) => search(context, { type, params: await form(), strict }),
  },
  { ...inUrl, code: 'search-type', path: ':compartment/:id/:member', run: searchCompartment },
  {
    ...inForm,
    code: 'search-type',
    path: ':compartment/:id/:member/_search',
    run: async (context, { form, ...request }) => searchCompartment(context, { ...request, params: await form() }),
  },
];
