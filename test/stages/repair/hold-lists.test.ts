import { describe, expect, test } from 'vitest'
import { tagsWanted } from '#src/stages/repair/history/hold-lists.js'

const theirs = (...tags: string[]) => ({ tags, isOurs: false })
const ours = (...tags: string[]) => ({ tags, isOurs: true })

describe('the tags that others want', () => {
  test('are those that each version adds to the one it was made of', () => {
    expect(tagsWanted([theirs('a'), theirs('a', 'b'), theirs('a', 'c')])).toEqual(['a', 'b', 'c'])
  })

  test('do not include one that was released before the first version, where a later one is a copy of an older', () => {
    const history = [theirs('m9'), theirs('m8', 'm9', 'm1'), ours()]
    expect(tagsWanted(history, [['m8', 'm9']])).toEqual(['m9', 'm1'])
    // Without what lies beneath, nothing tells that m8 is no new hold.
    expect([...tagsWanted(history)].sort()).toEqual(['m1', 'm8', 'm9'])
  })

  test('include a hold that was released long ago and is set anew', () => {
    expect(tagsWanted([theirs(), theirs('m8')], [['m8']])).toEqual(['m8'])
    expect(tagsWanted([theirs('m9'), theirs('m9', 'm8')], [['m8', 'm9']])).toEqual(['m9', 'm8'])
    expect(tagsWanted([theirs('m9'), theirs('m8', 'm9')], [['m8', 'm9']])).toEqual(['m9', 'm8'])
  })
})
