import Portcullis

Gateway.main()
