import type { ICruiseOptions, IFlattenedRuleSet } from 'dependency-cruiser';
export const layers: Readonly<Record<string, readonly string[]>>;
declare const rules: IFlattenedRuleSet & { options: ICruiseOptions };
export default rules;
