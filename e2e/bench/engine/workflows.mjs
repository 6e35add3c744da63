export { MetaflowRangeWorkflow, MetaflowWorkflow } from '@mft/interpreter/workflows';
export { byHand, byHandRange } from './by-hand.mjs';
