import { afterAll, expect, it } from 'vitest';
import { extensionPath } from '../src/index.js';
import { Place } from './launcher.js';

const place = new Place();
afterAll(() => place.dispose());

it('what a step takes is what it was told itself, and only where it runs here', () => {
  const asked = place.client(`
import sys
sys.path.insert(0, ${JSON.stringify(extensionPath())})
from metaflow.plugins.resources_decorator import ResourcesDecorator
from metaflow.plugins.kubernetes.kubernetes_decorator import KubernetesDecorator
from metaflow.plugins.aws.batch.batch_decorator import BatchDecorator
from metaflow.plugins.retry_decorator import RetryDecorator
from metaflow_extensions.temporal.inspection.resources import memory
def of(**attributes):
    return ResourcesDecorator(attributes)
heavy = of(memory="8000")
print(json.dumps({
    "told": memory([RetryDecorator({}), heavy]),
    "default": memory([of(cpu=8)]),
    "none": memory([]),
    "largest": memory([of(memory=500), heavy, of(memory=None)]),
    "fraction": memory([of(memory="1e3")]),
    "unreadable": [memory([of(memory=text)]) for text in ("8GB", "nan", "inf", -5, 0)],
    "kubernetes": memory([heavy, KubernetesDecorator({"memory": 16000})]),
    "batch": memory([BatchDecorator({}), heavy]),
}))`);
  expect(asked).toEqual({
    told: 8000,
    default: null,
    none: null,
    largest: 8000,
    fraction: 1000,
    unreadable: [null, null, null, null, null],
    kubernetes: null,
    batch: null,
  });
});
