/** Search and sort of the exceptions; without it the tables are as complete, in the order of the report. */
export const reportScript = `
(() => {
  const tables = Array.from(document.querySelectorAll('table.exceptions'))
  if (tables.length === 0) return
  const search = document.querySelector('#search')
  const shown = document.querySelector('#shown')
  const groups = tables.map((table) => {
    const group = table.closest('.group')
    const title = group.querySelector('.reason').textContent
    const rows = Array.from(table.tBodies[0].rows, (row) => ({ row, text: (title + ' ' + row.textContent).toLowerCase() }))
    return { group, rows }
  })
  document.querySelector('.tools').hidden = false
  const filter = () => {
    const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean)
    let count = 0
    let all = 0
    for (const { group, rows } of groups) {
      let fitting = 0
      for (const { row, text } of rows) {
        const fits = words.every((word) => text.includes(word))
        row.hidden = !fits
        if (fits) fitting += 1
      }
      group.hidden = fitting === 0
      count += fitting
      all += rows.length
    }
    shown.textContent = count + ' of ' + all + ' shown'
  }
  search.addEventListener('input', filter)
  const collator = new Intl.Collator('en', { numeric: true })
  const keyOf = (cell) => cell.dataset.sort ?? cell.textContent
  for (const table of tables) {
    const body = table.tBodies[0]
    const heads = Array.from(table.tHead.rows[0].cells)
    heads.forEach((head, column) => {
      const button = document.createElement('button')
      button.type = 'button'
      button.textContent = head.textContent
      head.replaceChildren(button)
      button.addEventListener('click', () => {
        const descending = head.getAttribute('aria-sort') === 'ascending'
        for (const other of heads) other.removeAttribute('aria-sort')
        head.setAttribute('aria-sort', descending ? 'descending' : 'ascending')
        const keyed = Array.from(body.rows, (row) => [keyOf(row.cells[column]), row])
        keyed.sort((a, b) => collator.compare(a[0], b[0]) * (descending ? -1 : 1))
        body.append(...keyed.map((pair) => pair[1]))
      })
    })
  }
  filter()
})()
`
