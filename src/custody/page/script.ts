/** Search and sort of the exceptions; without it the table is as complete, in the order of the report. */
export const reportScript = `
(() => {
  const table = document.querySelector('table.exceptions')
  if (table === null) return
  const body = table.tBodies[0]
  const rows = Array.from(body.rows)
  const search = document.querySelector('#search')
  const shown = document.querySelector('#shown')
  const texts = rows.map((row) => row.textContent.toLowerCase())
  document.querySelector('.tools').hidden = false
  const filter = () => {
    const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean)
    let count = 0
    rows.forEach((row, at) => {
      const fits = words.every((word) => texts[at].includes(word))
      row.hidden = !fits
      if (fits) count += 1
    })
    shown.textContent = count + ' of ' + rows.length + ' shown'
  }
  search.addEventListener('input', filter)
  const collator = new Intl.Collator('en', { numeric: true })
  const heads = Array.from(table.tHead.rows[0].cells)
  heads.forEach((head, column) => {
    const name = head.textContent
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = name
    head.replaceChildren(button)
    button.addEventListener('click', () => {
      const descending = head.getAttribute('aria-sort') === 'ascending'
      for (const other of heads) other.removeAttribute('aria-sort')
      head.setAttribute('aria-sort', descending ? 'descending' : 'ascending')
      const keyed = Array.from(body.rows, (row) => [row.cells[column].textContent, row])
      keyed.sort((a, b) => collator.compare(a[0], b[0]) * (descending ? -1 : 1))
      body.append(...keyed.map((pair) => pair[1]))
    })
  })
  filter()
})()
`
